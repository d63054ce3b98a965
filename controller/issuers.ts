// The issuers this process works with: one session each, its lists read once an interval for all of its tokens.
// Decides when a session is opened, when its lists are read, and which tokens a new list concerns. Knows no Secret
// but the credential's.
import { createHash } from "node:crypto";
import { duration } from "../core/duration.ts";
import { isKind, LifecycleError } from "../core/error.ts";
import { absent, unknown, type Fact, type Policy } from "../core/observed.ts";
import { SecretValue } from "../core/secret-value.ts";
import { createTokenApi } from "../tokenapi/client.ts";
import { systemClock } from "../tokenapi/clock.ts";
import { IssuerSession, OPEN_POLICY } from "../tokenapi/issuer.ts";
import type { IssuerObject, IssuerSpec } from "./kinds.ts";
import { ListChanges } from "./list-changes.ts";
import { isNotFound, secrets, type KubeObject, type Logger, type RestClient } from "./runtime/index.ts";

interface Client {
  readonly session: IssuerSession;
  /** What it was made from: another url, credential or CA makes another. */
  readonly made: string;
  readonly close: () => Promise<void>;
}

interface Entry {
  client: Client | null;
  problem: Fact<never>;
  /** The last look failed. The session, and what it saw last, may be good still. */
  failing: boolean;
  readonly changes: ListChanges;
}

export interface IssuerState {
  readonly session: IssuerSession | null;
  /** Why there is no session, or why the last look failed. */
  readonly problem: Fact<never>;
  readonly failing: boolean;
}

const NOT_YET = unknown("IssuerNotReady", "The issuer has not been looked at yet.");

export class Issuers {
  readonly #client: RestClient;
  readonly #log: Logger;
  readonly #entries = new Map<string, Entry>();
  /** Told the marks that a new list changes. */
  readonly #onChange: (issuer: string, marks: ReadonlySet<string> | "all") => void;

  constructor(options: { client: RestClient; log: Logger; onChange: (issuer: string, marks: ReadonlySet<string> | "all") => void }) {
    this.#client = options.client;
    this.#log = options.log;
    this.#onChange = options.onChange;
  }

  /** Whether the issuer was ever tried: before that there is nothing to be said about it. */
  isKnown(key: string): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && (entry.client !== null || entry.problem !== NOT_YET);
  }

  state(key: string): IssuerState {
    const entry = this.#entries.get(key);
    if (!entry) return { session: null, problem: NOT_YET, failing: false };
    return { session: entry.client?.session ?? null, problem: entry.problem, failing: entry.failing };
  }

  /** The issuer was not found. */
  async forget(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    await entry?.client?.close();
    this.#onChange(key, "all");
  }

  /** Opens or renews the session and reads the lists. Throws what keeps the issuer from being ready. */
  async refresh(issuer: IssuerObject): Promise<IssuerSession> {
    const entry = this.#entry(issuer.key);
    const before = entry.client;
    try {
      const client = await this.#connect(issuer, entry);
      const { session } = client;
      const now = session.clock.monotonic();
      const snapshot = session.tokens("service");
      // What our own writes, and looks of single tokens, brought since the last time.
      const known = entry.changes.take(snapshot.marked());
      const users = session.users.fingerprint();
      await snapshot.refresh(now);
      await session.users.refresh(now);
      entry.client = client;
      const marks = new Set([...known, ...entry.changes.take(snapshot.marked())]);
      const mended = entry.failing;
      entry.failing = false;
      if (mended || before !== client || users !== session.users.fingerprint()) this.#onChange(issuer.key, "all");
      else if (marks.size > 0) this.#onChange(issuer.key, marks);
      return session;
    } catch (error) {
      this.#fail(issuer, entry, error);
      throw error;
    }
  }

  /** Tokens for which the next use means something are told of every use. */
  watch(key: string, mark: string, watched: boolean): void {
    this.#entry(key).changes.watch(mark, watched);
  }

  /** A resource is gone: its token is not missed where a list lacks it. */
  unexpect(mark: string): void {
    for (const { client } of this.#entries.values()) {
      for (const list of ["service", "personal"] as const) client?.session.tokens(list).expect(mark, null);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => entry.client?.close()));
    this.#entries.clear();
  }

  #entry(key: string): Entry {
    const entry = this.#entries.get(key) ?? { client: null, problem: NOT_YET, failing: false, changes: new ListChanges() };
    this.#entries.set(key, entry);
    return entry;
  }

  #fail(issuer: IssuerObject, entry: Entry, error: unknown): void {
    const denied = isKind(error, "denied");
    const message = error instanceof Error ? error.message : "the request failed";
    this.#log.warn({ issuer: issuer.key, problem: message }, "Issuer is not ready");
    const hadSession = entry.client !== null;
    entry.failing = true;
    // What cannot be reached may be back in a moment, and the last list stays what was seen last.
    // A credential that is refused shows nothing any more.
    if (denied || isKind(error, "invalid")) {
      const closing = entry.client;
      entry.client = null;
      void closing?.close().catch(() => undefined);
    }
    entry.problem = unknown(denied ? "CredentialDenied" : "IssuerNotReady", `The issuer ${issuer.name} is not ready: ${message}`);
    if (hadSession !== (entry.client !== null)) this.#onChange(issuer.key, "all");
  }

  async #connect(issuer: IssuerObject, entry: Entry): Promise<Client> {
    const { spec } = issuer;
    const credential = await this.#credential(issuer);
    const made = createHash("sha256").update(JSON.stringify([spec.url, spec.caBundle ?? "", spec.limits ?? {}, spec.resyncInterval ?? "", credential])).digest("hex");
    if (entry.client?.made === made) return entry.client;
    // The old session belongs to what the spec says no longer: nothing is done with it while the new one is tried.
    const old = entry.client;
    entry.client = null;
    entry.changes.clear();
    void old?.close().catch(() => undefined);
    if (old) this.#onChange(issuer.key, "all");
    const api = createTokenApi({
      url: spec.url,
      token: new SecretValue(credential),
      ...(spec.caBundle === undefined ? {} : { caBundle: spec.caBundle }),
      ...(spec.limits?.requestsPerSecond === undefined ? {} : { requestsPerSecond: spec.limits.requestsPerSecond }),
      maxInFlight: spec.limits?.maxInFlight ?? 32,
      userAgent: "servicetokens-controller",
    });
    try {
      const session = await IssuerSession.open(api, { url: spec.url, resyncInterval: resyncOf(spec), clock: systemClock });
      return { session, made, close: () => api.close() };
    } catch (error) {
      await api.close();
      throw error;
    }
  }

  async #credential({ namespace, spec }: IssuerObject): Promise<string> {
    const { name, key = "token" } = spec.credentialsSecretRef;
    try {
      const secret = await this.#client.get<KubeObject & { data?: { [key: string]: string } }>(secrets, { namespace, name });
      const value = Buffer.from(secret.data?.[key] ?? "", "base64").toString("utf8").trim();
      if (value !== "") return value;
      throw new LifecycleError("denied", "CREDENTIAL_MISSING", `The Secret ${name} has no key ${JSON.stringify(key)}: put an administrator token there.`);
    } catch (error) {
      if (isNotFound(error)) throw new LifecycleError("denied", "CREDENTIAL_MISSING", `There is no Secret ${name} in the namespace ${namespace}: create it with an administrator token under ${JSON.stringify(key)}.`);
      throw error;
    }
  }
}

export function resyncOf(spec: IssuerSpec): number {
  return duration(spec.resyncInterval ?? "60s");
}

export function policyOf({ spec }: IssuerObject): Policy {
  const { maxExpiresInDays, allowNever, minOverlap, serviceUsers } = spec.policy ?? {};
  return {
    maxDays: maxExpiresInDays ?? null,
    allowNever: allowNever ?? false,
    minOverlap: minOverlap === undefined ? OPEN_POLICY.minOverlap : duration(minOverlap),
    serviceUsers: serviceUsers ?? null,
    refusal: null,
  };
}

export const noIssuer = (name: string): Fact<never> => absent(`There is no TokenIssuer ${name} in this namespace: create it, or name another in issuerRef.`);
