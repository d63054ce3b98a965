// What an object names and what is not there: applied together, the one is often seen before the other, and nobody has
// to be called for that. So for a moment after an object was made it is waited for, and only then a person's turn.
import { SECOND } from "../core/duration.ts";
import { unknown, type Fact } from "../core/observed.ts";
import type { Declared } from "./kinds.ts";

const PATIENCE = 3 * SECOND;

/** Until when what this object names may still come; null: it had its time. Our clock and the apiserver's may differ a little. */
export function awaitedUntil({ createdAt, deleting }: Declared, now: number): number | null {
  return deleting || Math.abs(now - createdAt) >= PATIENCE ? null : createdAt + PATIENCE;
}

/** `missing` says that something is not there: what is to be said of it now. */
export function awaited(object: Declared, what: string, { missing, reason }: { readonly missing: Fact<never>; readonly reason: "IssuerNotReady" | "ServiceUserUnknown" }): Fact<never> {
  return awaitedUntil(object, Date.now()) === null ? missing : unknown(reason, `Waiting for the ${what}, which is not there yet.`);
}

/** That something is not there yet is no news of an object that was made a moment ago. */
export const isNoNews = (object: Declared, reason: string): boolean => (reason === "IssuerNotReady" || reason === "ServiceUserUnknown") && awaitedUntil(object, Date.now()) !== null;
