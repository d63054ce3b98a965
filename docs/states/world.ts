// The smallest world that plan() can act in: every action takes effect at once, nothing fails.
import type { Action } from "../../core/action.ts";
import { DAY } from "../../core/duration.ts";
import { toCase, type Case } from "../../core/explain-input.ts";
import type { DesiredForm, ObservedForm } from "../../core/explain-form.ts";
import { present, type Copy, type Hand, type Remote, type Tokens } from "../../core/observed.ts";
import { plan, type Plan } from "../../core/plan.ts";
import { stateOf, type State } from "./state.ts";

export const NOW = "2026-01-01T00:00:00Z";
/** Between two passes; long enough for a second look at the list. */
const PASS = 3_000;

export class World {
  case: Case;
  /** The declaring object is gone. */
  released = false;
  /** What the next trial of a token says; null: it authenticates. */
  verifyFails: string | null = null;
  readonly #seen = new Set<number>();
  #listed: Tokens | null = null;

  constructor(form: { readonly desired: DesiredForm; readonly observed?: ObservedForm }) {
    this.case = toCase({ ...form, now: NOW });
  }

  plan(): Plan {
    return plan(this.case.desired, this.case.observed, this.case.now);
  }

  /** The last list: what the API holds, whether it can be reached or not. */
  get tokens(): Tokens {
    const { tokens } = this.case.observed;
    if (tokens.is === "present") this.#listed = tokens.value;
    if (!this.#listed) throw new Error("there was no list yet in this situation");
    return this.#listed;
  }

  get copy(): Copy {
    const { copy } = this.case.observed;
    if (copy.is !== "present") throw new Error("the copy is not known in this situation");
    return copy.value;
  }

  want(change: Partial<Case["desired"]>): void {
    this.case = { ...this.case, desired: { ...this.case.desired, ...change } };
  }

  see(change: Partial<Case["observed"]>): void {
    this.case = { ...this.case, observed: { ...this.case.observed, ...change } };
  }

  /** Time passes, and what is seen is seen again. */
  pass(milliseconds = PASS): void {
    const now = this.case.now + milliseconds;
    this.case = { ...this.case, now };
    this.see({ monotonic: now });
    this.see({ copy: this.case.observed.copy.is === "present" ? present({ ...this.copy, readAt: now }) : this.case.observed.copy });
  }

  /** A complete list as of now. */
  list(change: (tokens: readonly Remote[]) => readonly Remote[] = (tokens) => tokens): void {
    if (this.case.observed.tokens.is !== "present") return;
    const before = this.tokens;
    const { now } = this.case;
    const earlier = { sentAt: before.sentAt, ids: before.tokens.map(({ id }) => id) };
    this.see({ tokens: present({ ...before, sentAt: now - 1, doneAt: now - 1, at: now, earlier, tokens: change(before.tokens) }) });
  }

  #token(id: number, change: (token: Remote) => Remote | null): void {
    const deleted = this.tokens.deleted;
    const tokens = this.tokens.tokens.flatMap((token) => (token.id === id ? (change(token) ?? []) : token));
    const gone = this.tokens.tokens.length > tokens.length ? [...deleted, id] : deleted;
    this.see({ tokens: present({ ...this.tokens, tokens, deleted: gone }) });
  }

  /** What somebody else wrote turns out to be the value that was there. */
  #read(): void {
    if (this.copy.value === "unread") this.see({ copy: present({ ...this.copy, value: "intact" }) });
  }

  #write(change: Partial<Copy>): void {
    this.see({ copy: present({ ...this.copy, place: "ours", ...change, doneAt: this.case.now - 2 }) });
  }

  #issue(action: Extract<Action, { do: "Issue" }>): void {
    const { now, desired } = this.case;
    const { number, name, inputs } = action;
    const token = { id: 100 + number, name, created: now, expires: inputs.days === null ? null : now + inputs.days * DAY };
    const hand: Hand = { ...token, number, sha256: `sha-${number}`, inputs, verified: !desired.verify, usedAfter: now + 2_000, failures: 0, failure: null };
    this.see({ tokens: present({ ...this.tokens, tokens: [...this.tokens.tokens, { ...token, active: true, lastUsed: null, owner: inputs.owner }] }), hand });
  }

  #verify(): void {
    const { hand } = this.case.observed;
    if (!hand) return;
    const failed = { ...hand, failures: hand.failures + 1, failure: this.verifyFails };
    this.see({ hand: this.verifyFails === null ? { ...hand, verified: true } : failed });
  }

  apply(action: Action): void {
    this.pass();
    switch (action.do) {
      case "Look":
        return action.at === "tokens" ? this.list() : this.#read();
      case "Hold":
        return this.see({ held: true });
      case "Release":
        this.released = true;
        return undefined;
      case "Probe":
        return this.see({ copy: present({ ...this.copy, writable: true }) });
      case "Fence":
      case "Record":
        return this.#write({ record: action.record });
      case "Deliver":
        this.see({ hand: null });
        return this.#write({ record: action.record, value: "intact", look: this.case.desired.look });
      case "Redeliver":
        return this.#write({ record: action.record, look: this.case.desired.look });
      case "Issue":
        return this.#issue(action);
      case "Verify":
        return this.#verify();
      case "Drop":
        return this.see({ hand: null, refused: action.refused });
      case "Revoke":
        return this.#token(action.token.id, (token) => ({ ...token, active: false }));
      case "Restore":
        return this.#token(action.token.id, (token) => ({ ...token, active: true }));
      case "Delete":
        return this.#token(action.token.id, () => null);
      case "Remove":
        return this.see({ copy: present({ ...this.copy, place: "none", record: null, value: "missing", look: null }) });
      case "Disown":
        return this.see({ copy: present({ ...this.copy, place: "foreign", record: null }) });
    }
  }

  /** The state of one revision, in the words of the page. */
  state(number: number): State {
    const remote = this.tokens.tokens.find(({ id }) => id === 100 + number) ?? null;
    const found = stateOf(this.case, number, remote, this.released);
    if (found === null) return this.#seen.has(number) ? "deleted" : "none";
    this.#seen.add(number);
    return found;
  }
}
