// Pulumi's state as the place of delivery. Nobody else writes it while we hold it: the engine locks the stack.
// What is written here becomes the resource's outputs when the handler returns, or a partial failure when it throws:
// only then is it delivered. So no older token is retired in the call that issued its successor, for a death before
// the state is written would leave consumers with nothing.
import { createHash } from "node:crypto";
import { LifecycleError } from "../core/error.ts";
import type { Copy } from "../core/observed.ts";
import type { Record } from "../core/record.ts";
import { SecretValue } from "../core/secret-value.ts";
import type { Target, Writing } from "../tokenapi/target.ts";
import { ProviderError } from "./failure.ts";
import { decodeState } from "./state-record.ts";

/** The code of the refusal to retire what the state still holds. */
export const NOT_SAVED_YET = "NOT_SAVED_YET";

export interface Stored {
  readonly token: SecretValue | null;
  readonly record: Record | null;
}

/** What the outputs of the last operation hold, of the resource that bears this mark. */
export function stored(outputs: { readonly [name: string]: unknown }, mark: string): Stored {
  const { token, record } = outputs;
  return {
    token: typeof token === "string" && token !== "" ? new SecretValue(token) : null,
    record: record === undefined || record === null ? null : readable(outputs, mark),
  };
}

/** Without the memory no token can be told from another: what cannot be read is not the same as nothing. */
function readable(outputs: Parameters<typeof decodeState>[0], mark: string): Record {
  const record = decodeState(outputs, mark);
  if (record) return record;
  throw new ProviderError("The resource's record in the state cannot be read: it was written by a newer version of qualytics-servicetokens, or edited. Install that version, or put the record back from an earlier state.");
}

/** The state keeps the beginning of a fingerprint (state-record.ts). */
const isPrintOf = (token: SecretValue, sha256: string): boolean => createHash("sha256").update(token.reveal()).digest("hex").startsWith(sha256);

export class StateTarget implements Target {
  #token: SecretValue | null;
  #record: Record | null;
  #removed = false;
  /** The state was locked before this process began. */
  #readAt = -1;
  readonly #monotonic: () => number;
  /** The revision whose value the engine's state holds while this call runs. */
  readonly #saved: number | null;
  /** Whether anything was written. */
  changed = false;

  constructor({ token, record }: Stored, monotonic: () => number) {
    this.#token = token;
    this.#record = record;
    this.#monotonic = monotonic;
    this.#saved = record?.current ?? null;
  }

  get token(): SecretValue | null {
    return this.#token;
  }

  get record(): Record | null {
    return this.#record;
  }

  known(): Copy {
    return {
      readAt: this.#readAt,
      place: this.#record && !this.#removed ? "ours" : "none",
      record: this.#record,
      value: this.#value(),
      look: null,
      writable: true,
      exclusive: true,
      unsaved: this.#record !== null && this.#record.current !== this.#saved,
    };
  }

  #value(): Copy["value"] {
    const { current, revisions } = this.#record ?? { current: null, revisions: [] };
    const sha256 = revisions.find(({ number }) => number === current)?.sha256 ?? null;
    if (this.#token === null) return "missing";
    if (sha256 === null) return "intact";
    return isPrintOf(this.#token, sha256) ? "intact" : "changed";
  }

  value(sha256: string): Promise<SecretValue | null> {
    const token = this.#token;
    return Promise.resolve(token && isPrintOf(token, sha256) ? token : null);
  }

  read(): Promise<Copy> {
    return Promise.resolve(this.known());
  }

  async write({ record, value }: Writing): Promise<Copy> {
    if (this.#retires(record)) throw new LifecycleError("terminal", NOT_SAVED_YET, "The old token retires in a later update, once its successor stands in the state.");
    this.#record = record;
    if (value instanceof SecretValue) this.#token = value;
    this.#readAt = this.#monotonic();
    this.changed = true;
    return this.read();
  }

  /** Something gives way to a successor that does not stand in the state yet: that one, or an older one that is still in use. */
  #retires({ current, revisions }: Record): boolean {
    if (current === this.#saved) return false;
    const before = this.#record?.revisions ?? [];
    return revisions.some(({ number, revoked }) => (revoked?.why === "retired" || revoked?.why === "early") && !before.find((entry) => entry.number === number)?.revoked);
  }

  probe(): Promise<true> {
    return Promise.resolve(true);
  }

  /** The record stays in memory: it says which tokens are still to be ended. */
  remove(): Promise<Copy> {
    this.#removed = true;
    this.#token = null;
    return this.read();
  }

  async hold(): Promise<void> {}

  async release(): Promise<void> {}

  async disown(): Promise<void> {}
}
