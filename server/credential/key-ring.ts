// The keys of a running service. Decides when they are read again: before a token is
// signed, and when a signature is none of theirs, but not more often than once a second
// for strangers; so a key that was exchanged by a command counts in every process at once.
import { type AuditedService, audited, serviceActor } from "../rules/audited.ts";
import { settleSetting, writeSetting } from "../storage/setting.ts";
import { BearerTokens } from "./bearer.ts";
import type { KeySource } from "./signing-key.ts";

const strangerIntervalMs = 1_000;
const settingName = "signing_key_fingerprint";

export interface KeyRing {
  readonly bearer: BearerTokens;
  /** Reads the keys again. */
  refresh(): Promise<void>;
  /** The same for a signature that is none of theirs; false when that was just done. */
  refreshForStranger(): Promise<boolean>;
}

export async function openKeyRing(source: KeySource): Promise<KeyRing> {
  let known = await source.read();
  let readAt = performance.now();
  const bearer = new BearerTokens(known);
  const refresh = async (): Promise<void> => {
    readAt = performance.now();
    const keys = await source.read();
    if (keys.join("\n") !== known.join("\n")) bearer.use(keys);
    known = keys;
  };
  return {
    bearer,
    refresh,
    refreshForStranger: async () => {
      if (performance.now() - readAt < strangerIntervalMs) return false;
      await refresh();
      return true;
    },
  };
}

export interface KeyChange {
  readonly before: string;
  readonly now: string;
  /** False: tokens signed with the key before are no longer accepted. */
  readonly accepted: boolean;
}

/** The tokens stay in the list when their key is gone, but nobody gets in with one: say why before anyone asks. */
export async function noteKeyChange(service: AuditedService, bearer: BearerTokens, actor = serviceActor): Promise<KeyChange | undefined> {
  const now = bearer.fingerprint();
  return audited(service, actor, async (inside, record) => {
    const before = await settleSetting(inside, settingName, now);
    if (before === now) return undefined;
    await writeSetting(inside, settingName, now);
    const accepted = bearer.fingerprints().includes(before);
    record({ action: "signing-key.changed", detail: { fingerprint: now, fingerprint_before: before, before_accepted: accepted } });
    return { before, now, accepted };
  });
}
