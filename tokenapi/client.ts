// The token API over HTTP: one method an endpoint. Which call is which request stands here and nowhere else; how
// it gets through is transport.ts, what the answers mean decode.ts and failure.ts.
import { LifecycleError } from "../core/error.ts";
import type { Remote } from "../core/observed.ts";
import type { SecretValue } from "../core/secret-value.ts";
import { apiAddress } from "./address.ts";
import type { IssuedToken, NewToken, TokenApi, TokenList, User, Verification } from "./api.ts";
import { isUsable } from "./credential.ts";
import type { Credential } from "./credential.ts";
import { decodeIssued, decodeToken, decodeUser, decodeUsers } from "./decode.ts";
import type { UserPage } from "./decode.ts";
import type { Answer } from "./exchange.ts";
import { isFromApi } from "./failure.ts";
import type { Operation } from "./failure.ts";
import { readTokens } from "./long-list.ts";
import { usualTiming } from "./retry.ts";
import type { Timing } from "./retry.ts";
import { Transport } from "./transport.ts";
import type { Call } from "./transport.ts";
import type { Proxy } from "./proxied.ts";

export interface TokenApiOptions {
  readonly url: string;
  /** A function is asked before every try. */
  readonly token: Credential;
  /** Milliseconds until an answer begins, and between its pieces; a POST waits twice as long. Default 30,000. */
  readonly timeout?: number;
  /** PEM: these authorities are trusted instead of the public ones. */
  readonly caBundle?: string;
  readonly maxInFlight?: number;
  readonly requestsPerSecond?: number;
  readonly userAgent?: string;
  /** Default: the environment's HTTP_PROXY, HTTPS_PROXY and NO_PROXY; null: none. */
  readonly proxy?: Proxy | null;
  /** Aborting closes the client. */
  readonly signal?: AbortSignal;
  readonly timing?: Partial<Timing>;
}

const operations = {
  me: { name: "me", method: "GET", does: "show the credential's own user", repeatable: true },
  serviceUsers: { name: "serviceUsers", method: "GET", does: "list the service users", repeatable: true },
  createServiceUser: { name: "createServiceUser", method: "POST", does: "create a service user", repeatable: false },
  updateServiceUser: { name: "updateServiceUser", method: "PUT", does: "change a service user", repeatable: true },
  deactivateServiceUser: {
    name: "deactivateServiceUser",
    method: "DELETE",
    does: "deactivate a service user",
    repeatable: true,
    inUse: { code: "USER_HAS_ACTIVE_TOKENS", message: "The token API does not deactivate a service user that has active tokens: revoke them first." },
  },
  reactivateServiceUser: { name: "reactivateServiceUser", method: "PATCH", does: "reactivate a service user", repeatable: true },
  tokens: { name: "tokens", method: "GET", does: "list the tokens", repeatable: true },
  issue: { name: "issue", method: "POST", does: "issue a token", repeatable: false },
  revoke: { name: "revoke", method: "PUT", does: "revoke a token", repeatable: true },
  restore: { name: "restore", method: "PUT", does: "restore a token", repeatable: true },
  delete: {
    name: "delete",
    method: "DELETE",
    does: "delete a token",
    repeatable: true,
    inUse: { code: "TOKEN_STILL_ACTIVE", message: "The token API does not delete a token that is active: revoke it first." },
  },
  verify: { name: "verify", method: "GET", does: "try out a new token", repeatable: true },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;

/** Ten thousand tokens are about 5 MB. */
const LIST_LIMIT = 268_435_456;
const PAGE_SIZE = 100;
const MAX_PAGES = 10_000;

export interface HttpTokenApi extends TokenApi {
  /** Requests sent, repeats included, by operation. */
  readonly requests: Readonly<Record<OperationName, number>>;
  /** How many calls may be in flight just now: fewer than maxInFlight after the API asked for less. */
  readonly limit: number;
  /** Ends whatever is under way: what was sent and must not be repeated is then `uncertain`. */
  close(): Promise<void>;
}

export function createTokenApi(options: TokenApiOptions): HttpTokenApi {
  const { signal } = options;
  const transport = new Transport({
    address: apiAddress(options.url),
    token: options.token,
    timeout: options.timeout ?? 30_000,
    caBundle: options.caBundle ?? null,
    maxInFlight: options.maxInFlight ?? 32,
    requestsPerSecond: options.requestsPerSecond ?? null,
    userAgent: options.userAgent ?? "qualytics-servicetokens",
    proxy: options.proxy === undefined ? proxyOf(process.env) : options.proxy,
    timing: { ...usualTiming, ...options.timing },
    operations: Object.values(operations),
  });
  const abort = (): void => void transport.close();
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort, { once: true });
  return new Client(transport, () => signal?.removeEventListener("abort", abort));
}

class Client implements HttpTokenApi {
  readonly #transport: Transport;
  readonly #onClose: () => void;

  constructor(transport: Transport, onClose: () => void) {
    this.#transport = transport;
    this.#onClose = onClose;
  }

  get clockOffset(): number {
    return this.#transport.clockOffset;
  }

  get requests(): Readonly<Record<OperationName, number>> {
    return this.#transport.requests as Record<OperationName, number>;
  }

  get limit(): number {
    return this.#transport.limit;
  }

  async me(): Promise<User> {
    return decodeUser(await this.#send({ operation: operations.me, path: "users/me" }));
  }

  async serviceUsers(): Promise<readonly User[]> {
    const found = new Map<number, User>();
    for (let number = 1; number <= MAX_PAGES; number++) {
      const page = await this.#userPage(number);
      const before = found.size;
      for (const user of page.users) found.set(user.id, user);
      if (isLast(page, found.size)) return [...found.values()].filter((user) => user.type !== "Human");
      if (found.size === before) break;
    }
    throw new LifecycleError("retryable", "MALFORMED_ANSWER", "The token API's list of service users has no end: its pages repeat each other.");
  }

  async createServiceUser({ name, role, teams }: { name: string; role: string; teams: readonly string[] }): Promise<User> {
    return decodeUser(await this.#send({ operation: operations.createServiceUser, path: "users", body: { name, role, teams } }), "uncertain");
  }

  async updateServiceUser(id: number, { role, teams }: { role?: string; teams?: readonly string[] }): Promise<User> {
    return decodeUser(await this.#send({ operation: operations.updateServiceUser, path: `users/${id}`, body: { role, teams } }));
  }

  async deactivateServiceUser(id: number): Promise<void> {
    await this.#send({ operation: operations.deactivateServiceUser, path: `users/${id}` });
  }

  async reactivateServiceUser(id: number): Promise<User> {
    return decodeUser(await this.#send({ operation: operations.reactivateServiceUser, path: `users/${id}/restore` }));
  }

  async tokens(list: TokenList): Promise<readonly Remote[]> {
    const path = list === "service" ? "user-tokens/service" : "user-tokens";
    return readTokens(await this.#send({ operation: operations.tokens, path, limit: LIST_LIMIT }));
  }

  async issue({ name, expiresInDays, scimEndpointsOnly, userId }: NewToken): Promise<IssuedToken> {
    const body = { name, expires_in_days: expiresInDays, scim_endpoints_only: scimEndpointsOnly, ...(userId === null ? {} : { user_id: userId }) };
    return decodeIssued(await this.#send({ operation: operations.issue, path: "user-tokens", body }));
  }

  async revoke(id: number): Promise<Remote> {
    return decodeToken(await this.#send({ operation: operations.revoke, path: `user-tokens/${id}`, body: { revoke: true } }));
  }

  async restore(id: number): Promise<Remote> {
    return decodeToken(await this.#send({ operation: operations.restore, path: `user-tokens/${id}`, body: { revoke: false } }));
  }

  async delete(id: number): Promise<void> {
    await this.#send({ operation: operations.delete, path: `user-tokens/${id}` });
  }

  async verify(value: SecretValue, scimEndpointsOnly: boolean): Promise<Verification> {
    // Thrown, it would speak against the client's own credential.
    if (!isUsable(value)) return { is: "odd", message: "no HTTP header can hold the value" };
    const call: Call = { operation: operations.verify, path: "users/me", credential: value, accepts: speaksOfToken };
    const answer = await this.#transport.send(call);
    // A SCIM token authenticates here, and is then told that this is not its place.
    if (answer.status === 403 && scimEndpointsOnly) return { is: "good" };
    if (answer.status >= 300) return { is: answer.status === 401 ? "refused" : "odd", message: `the API answered ${answer.status}` };
    // A page that says "welcome" to everybody proves nothing.
    decodeUser(answer.text);
    return { is: "good" };
  }

  async close(): Promise<void> {
    this.#onClose();
    await this.#transport.close();
  }

  async #send(call: Call): Promise<string> {
    return (await this.#transport.send(call)).text;
  }

  async #userPage(number: number): Promise<UserPage> {
    const path = `users?type=Service&include_deleted=true&page=${number}&size=${PAGE_SIZE}`;
    const operation = operations.serviceUsers;
    // Older deployments know neither the filter nor the pages, and have a listing of its own for this.
    const unknownThere = (answer: Answer): boolean => number === 1 && [400, 404, 422].includes(answer.status);
    const answer = await this.#transport.send({ operation, path, limit: LIST_LIMIT, accepts: unknownThere });
    if (answer.status < 300) return decodeUsers(answer.text);
    return decodeUsers(await this.#send({ operation, path: "users/listing?type=Service", limit: LIST_LIMIT }));
  }
}

/** Refusals that are about the token, not about the moment or something in front of the API. */
function speaksOfToken(answer: Answer): boolean {
  if (answer.status === 401) return true;
  return answer.status >= 400 && answer.status < 500 && ![408, 425, 429].includes(answer.status) && isFromApi(answer);
}

function isLast({ users, total, size }: UserPage, seen: number): boolean {
  if (users.length === 0) return true;
  return total === null ? users.length < (size ?? PAGE_SIZE) : seen >= total;
}

function proxyOf(env: NodeJS.ProcessEnv): Proxy | null {
  const http = env["http_proxy"] ?? env["HTTP_PROXY"];
  const https = env["https_proxy"] ?? env["HTTPS_PROXY"];
  if ((http ?? "") === "" && (https ?? "") === "") return null;
  return { http, https, no: env["no_proxy"] ?? env["NO_PROXY"] };
}
