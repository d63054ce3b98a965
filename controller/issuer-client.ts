// One way to an issuer's API, as one version of its spec and its credential make it, and what becomes of one that was
// replaced: nothing is begun with it any more, but an answer that is under way may be a token, so it is waited for.
import { createHash } from "node:crypto";
import { duration } from "../core/duration.ts";
import { SecretValue } from "../core/secret-value.ts";
import type { createTokenApi } from "../tokenapi/client.ts";
import { systemClock } from "../tokenapi/clock.ts";
import { IssuerSession, type IssuerOptions } from "../tokenapi/issuer.ts";
import type { IssuerSpec } from "./issuer-object.ts";

export interface IssuerClient {
  readonly session: IssuerSession;
  /** What it was made from: another url, credential or CA makes another. */
  readonly made: string;
  readonly close: () => Promise<void>;
}

/** Changes with all that a client is made from. */
export const ingredients = ({ url, caBundle = "", limits = {}, resyncInterval = "" }: IssuerSpec, credential: string): string =>
  createHash("sha256").update(JSON.stringify([url, caBundle, limits, resyncInterval, credential])).digest("hex");

export function resyncOf(spec: IssuerSpec): number {
  return duration(spec.resyncInterval ?? "60s");
}

interface Opening {
  readonly spec: IssuerSpec;
  readonly credential: string;
  readonly open: typeof createTokenApi;
  readonly onTried: NonNullable<IssuerOptions["onTried"]>;
}

/** Throws LifecycleError: `denied`, `invalid`, `retryable`. */
export async function openClient({ spec, credential, open, onTried }: Opening): Promise<IssuerClient> {
  const api = open({
    url: spec.url,
    token: new SecretValue(credential),
    ...(spec.caBundle === undefined ? {} : { caBundle: spec.caBundle }),
    ...(spec.limits?.requestsPerSecond === undefined ? {} : { requestsPerSecond: spec.limits.requestsPerSecond }),
    maxInFlight: spec.limits?.maxInFlight ?? 32,
    userAgent: "servicetokens-controller",
  });
  try {
    const session = await IssuerSession.open(api, { url: spec.url, resyncInterval: resyncOf(spec), clock: systemClock, onTried });
    return { session, made: ingredients(spec, credential), close: () => api.close() };
  } catch (error) {
    await api.close();
    throw error;
  }
}

/** A POST is waited for so long by the client itself, and a little more. */
const LONGEST_CALL = 65_000;

/** Clients that were replaced, until whatever they were asked has been answered. */
export class Leaving {
  readonly #timers = new Map<IssuerClient, NodeJS.Timeout>();

  add(client: IssuerClient | null): void {
    if (client === null || this.#timers.has(client)) return;
    this.#timers.set(client, setTimeout(() => void this.#end(client), LONGEST_CALL).unref());
  }

  async close(): Promise<void> {
    await Promise.all([...this.#timers.keys()].map((client) => this.#end(client)));
  }

  async #end(client: IssuerClient): Promise<void> {
    clearTimeout(this.#timers.get(client));
    this.#timers.delete(client);
    await client.close().catch(() => undefined);
  }
}
