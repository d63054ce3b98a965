// A client of the token API and the breaking socket that it talks to, closed when the test ends, with answers
// that are fine and a check that no error says anything secret.
import { inspect } from "node:util";
import { expect, onTestFinished } from "vitest";
import { LifecycleError } from "../../core/error.ts";
import { SecretValue } from "../../core/secret-value.ts";
import { createTokenApi } from "../../tokenapi/client.ts";
import type { HttpTokenApi, TokenApiOptions } from "../../tokenapi/client.ts";
import { breakingSocket, json } from "./breaking-socket.ts";
import type { Act, BreakingSocket, Options } from "./breaking-socket.ts";

/** The credential, and whatever else must never be seen. */
export const canary = "canary-Zq7-never-printed";

export const user = { id: 3, user_id: "me", user_type: "Human" };
export const token = { id: 7, created: "2026-01-15T10:30:00Z", name: "ci", active: true, expiration: null, last_used: null, user };
export const fine = json(200, user);
export const issued = json(200, { ...token, bearer_token: canary });
export const gone = json(404, { detail: "Token not found" });

export const quick = { base: 5, cap: 20, recovery: 20 };

export const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function open(url: string, options: Partial<TokenApiOptions> = {}): HttpTokenApi {
  const api = createTokenApi({ url, token: new SecretValue(canary), timeout: 250, proxy: null, timing: quick, ...options });
  onTestFinished(() => api.close());
  return api;
}

export async function scripted(acts: readonly Act[], options: Options = {}): Promise<BreakingSocket> {
  const socket = await breakingSocket(acts, options);
  onTestFinished(() => socket[Symbol.asyncDispose]());
  return socket;
}

export async function script(acts: readonly Act[], options: Partial<TokenApiOptions> = {}): Promise<{ api: HttpTokenApi; socket: BreakingSocket }> {
  const socket = await scripted(acts);
  return { api: open(socket.url, options), socket };
}

/** The error that a call ends in. */
export async function failing(call: Promise<unknown>): Promise<LifecycleError> {
  const error: unknown = await call.then(
    (value) => new Error(`it succeeded with ${inspect(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof LifecycleError)) throw error;
  const texts = [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), String(error), error.stack ?? ""];
  expect(texts.join("\n")).not.toContain(canary);
  expect(error.message).toMatch(/^[^\n\r]{10,600}\.$/);
  return error;
}

export const issue = (api: HttpTokenApi): Promise<unknown> => api.issue({ name: "ci", expiresInDays: 90, scimEndpointsOnly: false, userId: 3 });

/** A call of each method. */
export const calls = {
  GET: (api: HttpTokenApi): Promise<unknown> => api.me(),
  PUT: (api: HttpTokenApi): Promise<unknown> => api.revoke(7),
  DELETE: (api: HttpTokenApi): Promise<unknown> => api.delete(7),
  POST: issue,
};
