// The issuers this process works with: one session each, its lists read once an interval for all of its tokens.
// Decides when a session is opened, when its lists are read, and which tokens a new list concerns. Knows no Secret;
// the credential is read by issuer-credential.ts. What an issuer allows is policy.ts.
import { setImmediate as turn } from "node:timers/promises";
import { isKind, LifecycleError } from "../core/error.ts";
import { absent, unknown, type Fact } from "../core/observed.ts";
import { createTokenApi } from "../tokenapi/client.ts";
import { reasonOfDenial } from "../tokenapi/denial.ts";
import type { IssuerSession } from "../tokenapi/issuer.ts";
import type { Marked } from "../tokenapi/token-index.ts";
import { awaited } from "./awaited.ts";
import { ingredients, Leaving, openClient, type IssuerClient } from "./issuer-client.ts";
import { readCredential } from "./issuer-credential.ts";
import type { IssuerObject } from "./issuer-object.ts";
import type { Declared, IssuerRef } from "./kinds.ts";
import { ListChanges } from "./list-changes.ts";
import type { Logger, RestClient } from "./runtime/index.ts";

interface Entry {
  client: IssuerClient | null;
  /** The last one that worked, after its credential's Secret or its issuer went: good enough to end what was begun. */
  last: IssuerClient | null;
  problem: Fact<never>;
  /** Which problem it is, in a word. */
  code: string;
  /** The last look failed. The session, and what it saw last, may be good still. */
  failing: boolean;
  readonly changes: ListChanges;
}

export interface IssuerState {
  readonly session: IssuerSession | null;
  /** Why there is no session, or why the last look failed. */
  readonly problem: Fact<never>;
  readonly failing: boolean;
  /**
   * For deletions alone: the session, or, where the credential's Secret or the issuer itself went first, the last one
   * that worked. Null: the API cannot be reached, and a deletion has to know that at once.
   */
  readonly ending: IssuerSession | null;
}

/** Which lists are asked for. */
export interface Uses {
  readonly service: boolean;
  readonly personal: boolean;
}

interface IssuersOptions {
  readonly client: RestClient;
  readonly log: Logger;
  readonly onChange: (issuer: string, marks: ReadonlySet<string> | "all") => void;
  /** What the issuer is used for; null: nothing names it. */
  readonly uses: (issuer: string) => Uses | null;
  /** How a client is made. */
  readonly open?: typeof createTokenApi;
}

const NOT_YET = unknown("IssuerNotReady", "The issuer has not been looked at yet.");
const NOT_YET_CODE = "NOT_YET";

export class Issuers {
  readonly #client: RestClient;
  readonly #log: Logger;
  readonly #entries = new Map<string, Entry>();
  readonly #leaving = new Leaving();
  /** Told the marks that a new list changes. */
  readonly #onChange: IssuersOptions["onChange"];
  readonly #uses: IssuersOptions["uses"];
  readonly #open: typeof createTokenApi;

  constructor(options: IssuersOptions) {
    this.#client = options.client;
    this.#log = options.log;
    this.#onChange = options.onChange;
    this.#uses = options.uses;
    this.#open = options.open ?? createTokenApi;
  }

  /** Whether the issuer was ever tried: before that there is nothing to be said about it. */
  isKnown(key: string): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && (entry.client !== null || entry.problem !== NOT_YET);
  }

  state(key: string): IssuerState {
    const entry = this.#entries.get(key);
    if (!entry) return { session: null, problem: NOT_YET, failing: false, ending: null };
    const session = entry.client?.session ?? null;
    const ending = entry.last?.session ?? (entry.failing ? null : session);
    return { session, problem: entry.problem, failing: entry.failing, ending };
  }

  /** The issuer is gone. While something still names it, its last session stays, for deletions. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    const last = entry.last ?? (entry.failing ? null : entry.client);
    if (last && this.#uses(key)) {
      this.#entries.set(key, { ...blank(), last });
      if (entry.client !== last) this.#leaving.add(entry.client);
    } else {
      this.#entries.delete(key);
      for (const client of [entry.client, entry.last]) this.#leaving.add(client);
    }
    this.#onChange(key, "all");
  }

  /** Opens or renews the session and reads the lists. Throws what keeps the issuer from being ready. */
  async refresh(issuer: IssuerObject): Promise<IssuerSession> {
    const entry = this.#entry(issuer.key);
    const before = entry.client;
    try {
      const client = await this.#connect(issuer, entry);
      const { session } = client;
      // What our own writes, and looks of single tokens, brought since the last time.
      const known = entry.changes.take(marked(session));
      const users = session.users.fingerprint();
      // Of ten thousand tokens each of these steps takes its milliseconds: others come in between.
      await turn();
      await readLists(session, this.#uses(issuer.key) ?? { service: true, personal: false });
      await turn();
      entry.client = client;
      this.#retire(entry);
      const marks = new Set([...known, ...entry.changes.take(marked(session))]);
      await turn();
      const mended = entry.failing;
      entry.failing = false;
      entry.code = "";
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
    for (const { client, last } of this.#entries.values()) for (const each of [client, last]) this.#leaving.add(each);
    this.#entries.clear();
    await this.#leaving.close();
  }

  #entry(key: string): Entry {
    const entry = this.#entries.get(key) ?? blank();
    this.#entries.set(key, entry);
    return entry;
  }

  /** A session that works makes the last one superfluous. */
  #retire(entry: Entry): void {
    const { last } = entry;
    entry.last = null;
    if (last !== entry.client) this.#leaving.add(last);
  }

  #fail(issuer: IssuerObject, entry: Entry, error: unknown): void {
    const denied = isKind(error, "denied");
    const message = error instanceof Error ? error.message : "the request failed";
    this.#log.warn({ issuer: issuer.key, problem: message }, "Issuer is not ready");
    const hadSession = entry.client !== null;
    entry.failing = true;
    // What cannot be reached may be back in a moment, and the last list stays what was seen last.
    // A credential that is refused shows nothing any more.
    if (isKind(error, "denied") && error.code === "CREDENTIAL_MISSING") {
      // The Secret went; what it held may still be good: nothing new is begun with it.
      entry.last ??= entry.client;
      entry.client = null;
    } else if (denied || isKind(error, "invalid")) {
      for (const client of [entry.client, entry.last]) this.#leaving.add(client);
      entry.client = null;
      entry.last = null;
    }
    entry.problem = unknown(reasonOfDenial(error) ?? "IssuerNotReady", `The issuer ${issuer.name} is not ready: ${message}`);
    const [before, now] = [entry.code, error instanceof LifecycleError ? error.code : ""];
    entry.code = now;
    // With a session its tokens go on. Without one they tell what keeps them waiting, and each of them is told of another
    // problem, but not of the same one in other words.
    if (hadSession !== (entry.client !== null) || (entry.client === null && before !== now)) this.#onChange(issuer.key, "all");
  }

  async #connect(issuer: IssuerObject, entry: Entry): Promise<IssuerClient> {
    const { spec, key, complaint } = issuer;
    if (complaint !== null) throw new LifecycleError("invalid", "ISSUER_INVALID", complaint);
    const credential = await readCredential(this.#client, issuer);
    if (entry.client?.made === ingredients(spec, credential)) return entry.client;
    // The old session belongs to what the spec says no longer: nothing is begun with it while the new one is tried.
    const old = entry.client;
    entry.client = null;
    entry.changes.clear();
    this.#leaving.add(old);
    if (old) this.#onChange(key, "all");
    return openClient({ spec, credential, open: this.#open, onTried: (next) => this.#onChange(key, next === "all" ? next : new Set([next])) });
  }
}

const blank = (): Entry => ({ client: null, last: null, problem: NOT_YET, code: NOT_YET_CODE, failing: false, changes: new ListChanges() });

function* marked(session: IssuerSession): Generator<Marked> {
  yield* session.tokens("service").marked();
  yield* session.tokens("personal").marked();
}

/** A credential that may issue personal tokens only is good for those. */
async function readLists(session: IssuerSession, { service, personal }: Uses): Promise<void> {
  const now = session.clock.monotonic();
  if (personal) await session.tokens("personal").refresh(now);
  if (!service) return;
  try {
    await session.tokens("service").refresh(now);
    await session.users.refresh(now);
  } catch (error) {
    if (!personal || !isKind(error, "denied")) throw error;
  }
}

/** Why there is no issuer for this object; `reach` says how far this operator sees. */
export function noIssuer(object: Declared, { kind = "TokenIssuer", name }: IssuerRef, reach: "cluster" | "namespace"): Fact<never> {
  if (kind === "ClusterTokenIssuer" && reach === "namespace") {
    return absent(`This operator works in one namespace only and sees no ClusterTokenIssuer: name a TokenIssuer of this namespace in issuerRef.`);
  }
  const where = kind === "ClusterTokenIssuer" ? "" : " in this namespace";
  return awaited(object, `${kind} ${name}`, { missing: absent(`There is no ${kind} ${name}${where}: create it, or name another in issuerRef.`), reason: "IssuerNotReady" });
}
