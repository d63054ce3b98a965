// The sweep for tokens of this installation that no object declares any more. Decides which those are, and that two
// lists a resync apart agree; what becomes of each is the engine's (core/orphan.ts). Looks at no Secret's value.
import { setImmediate as turn } from "node:timers/promises";
import { LifecycleError } from "../core/error.ts";
import { scopeOf } from "../core/name.ts";
import { judgeOrphan, type OrphanDeed } from "../core/orphan.ts";
import { isOver, isSame } from "../core/situation.ts";
import type { Remote } from "../core/observed.ts";
import type { TokenList } from "../tokenapi/api.ts";
import type { IssuerSession } from "../tokenapi/issuer.ts";
import { issuersOf, TOKEN_KINDS, type Caches } from "./caches.ts";
import { issuerKey, type IssuerObject } from "./issuer-object.ts";
import { resyncOf } from "./issuer-client.ts";
import type { TokenKind, TokenObject } from "./kinds.ts";
import { secretNameOf } from "./secret-target.ts";
import type { Logger } from "./runtime/index.ts";

export interface OrphansOptions {
  readonly caches: Caches;
  /** The mark of an object: kind, and its key. */
  readonly markOf: (kind: TokenKind, key: string) => string;
  /** The session of an issuer, by its key; null: none. */
  readonly sessionOf: (issuer: string) => IssuerSession | null;
  readonly guard: () => void;
  readonly log: Logger;
}

const STEP = 500;

interface Suspect {
  /** When the list that showed it first was asked for, and when it was seen in there: monotonic. */
  readonly sentAt: number;
  readonly seenAt: number;
  /** Since when it is one, by the API's clock. */
  readonly since: number;
}

interface Listed {
  readonly list: TokenList;
  readonly mark: string;
  readonly token: Remote;
}

/** The names of those that were left, and what was done to the others. */
export interface Swept {
  readonly left: readonly string[];
  readonly cleared: readonly string[];
  readonly retired: readonly string[];
}

export class Orphans {
  readonly #options: OrphansOptions;
  readonly #suspects = new Map<string, Map<number, Suspect>>();

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  forget(issuer: string): void {
    this.#suspects.delete(issuer);
  }

  /** After a new list of this issuer. An operator that does not see everything does not know what is declared. */
  async sweep(issuer: IssuerObject, session: IssuerSession): Promise<Swept> {
    const swept = { left: [] as string[], cleared: [] as string[], retired: [] as string[] };
    if (this.#options.caches.reach !== "cluster" || !this.#options.caches.complete()) return swept;
    const before = this.#suspects.get(issuer.key);
    const now = new Map<number, Suspect>();
    const { apiNow } = session;
    await this.#learnMarks();
    for (const orphan of this.#undeclared(session, apiNow)) {
      const sentAt = session.tokens(orphan.list).sentAt ?? 0;
      const first = before?.get(orphan.token.id) ?? { sentAt, seenAt: session.clock.monotonic(), since: apiNow };
      now.set(orphan.token.id, first);
      if (sentAt - first.sentAt < resyncOf(issuer.spec) || !this.#isMissed(orphan, first.seenAt)) continue;
      const deed = judgeOrphan({ remote: orphan.token, since: first.since, apiNow, policy: issuer.spec.orphans ?? "Report", contested: this.#contested() });
      swept[await this.#do(deed, orphan, session)].push(orphan.token.name);
    }
    this.#suspects.set(issuer.key, now);
    return swept;
  }

  async #do(deed: OrphanDeed, { list, token }: Listed, session: IssuerSession): Promise<keyof Swept> {
    if (deed === "say") return "left";
    this.#options.guard();
    const snapshot = session.tokens(list);
    try {
      snapshot.put(await session.api.revoke(token.id));
      if (deed === "retire") return "retired";
      this.#options.guard();
      await session.api.delete(token.id);
      snapshot.remove(token.id);
      return "cleared";
    } catch (error) {
      if (!(error instanceof LifecycleError)) throw error;
      // The next list shows what became of it.
      this.#options.log.warn({ token: token.name, problem: error.message }, "A token without a resource could not be ended");
      return "left";
    }
  }

  /** Active tokens of our scope that no object declares, and that no Secret of ours records: that one was orphaned on purpose. */
  *#undeclared(session: IssuerSession, apiNow: number): Generator<Listed> {
    let recorded: ReadonlySet<number> | null = null;
    const { markOf } = this.#options;
    const scope = scopeOf(markOf("ServiceToken", ""));
    for (const list of ["service", "personal"] as const) {
      for (const { mark, token } of session.tokens(list).marked()) {
        if (scopeOf(mark) !== scope || !token.active || isOver(token, apiNow) || this.#isDeclared(mark, session.url)) continue;
        recorded ??= this.#recorded();
        if (!this.#isDeclared(mark, session.url) && !recorded.has(token.id)) yield { list, mark, token };
      }
    }
  }

  #isDeclared(mark: string, url: string): boolean {
    const object = this.#objectOf(mark);
    return object !== undefined && this.#isOf(object, url);
  }

  #objectOf(mark: string): TokenObject | undefined {
    const place = this.#declared.get(mark);
    return place && this.#options.caches.tokens[place[0]].get(place[1]);
  }

  /**
   * Whether no issuer that its object names shows this token: two URLs may be one API, and then it is that issuer's, and
   * may be waiting for its answer or its delivery. A list that was asked for since it was seen here has to say so.
   */
  #isMissed({ list, mark, token }: Listed, seenAt: number): boolean {
    const object = this.#objectOf(mark);
    if (!object) return true;
    const secret = this.#options.caches.secrets.get(`${object.namespace}/${secretNameOf(object)}`);
    const { home, former } = secret ? issuersOf(secret) : {};
    return [issuerKey(object), home, former].every((key) => {
      if (key === undefined || !this.#options.caches.issuers.get(key)) return true;
      const seen = this.#options.sessionOf(key)?.tokens(list).view(mark, [token.id]);
      return seen?.is === "present" && seen.value.sentAt > seenAt && !seen.value.tokens.some((other) => isSame(other, token));
    });
  }

  /** Whether the spec or the record of an object names this API. What one that moved away lost here, nothing else would find. */
  #isOf(object: TokenObject, url: string): boolean {
    const { caches } = this.#options;
    const named = caches.issuers.get(issuerKey(object))?.spec.url;
    if (named === undefined || named === url) return true;
    const record = caches.secrets.get(`${object.namespace}/${secretNameOf(object)}`)?.ours?.record;
    return record?.issuer.url === url || record?.former?.url === url;
  }

  /** What was found declared before: it is looked up instead of made anew for every object. */
  readonly #declared = new Map<string, readonly [TokenKind, string]>();

  /** The marks of the objects that are there, by what they are made of: they never change, and making one takes time. */
  #marks = new Map<string, string>();

  /** Some thousand at once would hold up everybody else. */
  async #learnMarks(): Promise<void> {
    let made = 0;
    for (const kind of TOKEN_KINDS) {
      for (const key of [...this.#options.caches.tokens[kind].values()].map((object) => object.key)) {
        if (this.#marks.has(`${kind}/${key}`)) continue;
        this.#marks.set(`${kind}/${key}`, this.#options.markOf(kind, key));
        if ((made += 1) % STEP === 0) await turn();
      }
    }
  }

  /** Every mark that is declared, and the ids that a Secret of ours records. */
  #recorded(): Set<number> {
    const { caches, markOf } = this.#options;
    const marks = new Map<string, string>();
    this.#declared.clear();
    for (const kind of TOKEN_KINDS) {
      for (const { key } of caches.tokens[kind].values()) {
        const mark = this.#marks.get(`${kind}/${key}`) ?? markOf(kind, key);
        marks.set(`${kind}/${key}`, mark);
        this.#declared.set(mark, [kind, key]);
      }
    }
    this.#marks = marks;
    const recorded = new Set<number>();
    for (const { ours } of caches.secrets.values()) for (const { id } of ours?.record?.revisions ?? []) recorded.add(id);
    return recorded;
  }

  /** Somebody else issues under a mark of ours: what looks like an orphan may be declared there. */
  #contested(): boolean {
    for (const kind of TOKEN_KINDS) {
      for (const { status } of this.#options.caches.tokens[kind].values()) {
        if (status?.conditions?.some(({ type, status: is }) => type === "SecondOwner" && is === "True")) return true;
      }
    }
    return false;
  }
}
