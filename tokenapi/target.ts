// Where the value and the record of one resource live: a Secret, or Pulumi's state.
// The executor writes through this port and nothing else; a write that somebody overtook throws `conflict`.
import type { Copy } from "../core/observed.ts";
import type { Record } from "../core/record.ts";
import type { SecretValue } from "../core/secret-value.ts";

export interface Writing {
  readonly record: Record;
  /** A new value; "keep": the one that stands there stays untouched; "again": written anew in its proper look. */
  readonly value: SecretValue | "keep" | "again";
}

export interface Target {
  /** What is known without asking (a cache, the state given to us). */
  known(): Copy | null;
  /** Reads the place itself. */
  read(): Promise<Copy>;
  /** The delivered value, if the one of this fingerprint (sha256, hex) stands there plainly; null: it does not. */
  value(sha256: string): Promise<SecretValue | null>;
  /** Makes sure that the declaring object cannot vanish unseen. */
  hold(): Promise<void>;
  /** Lets the declaring object go. */
  release(): Promise<void>;
  /** Tries whether a value could be delivered, without effect: true, or why not. */
  probe(): Promise<true | string>;
  /** One write, on condition that nobody wrote since the last look. The first one creates and never takes over. */
  write(writing: Writing): Promise<Copy>;
  /** Removes the place, if it is still the one that was looked at. */
  remove(): Promise<Copy>;
  /** Lets the place outlive the declaring object. */
  disown(): Promise<void>;
}
