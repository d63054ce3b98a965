// What a person ordered: compromised, state: Revoked and back to Active. Above every other rule but knowing.
import { MINUTE } from "../duration.ts";
import { act, finish, normal, warning, where, type Check, type Hit } from "../hit.ts";
import { endedElsewhere, fenced, restored, revoked, revoking } from "../recording.ts";
import { brokenCurrent } from "./need.ts";
import { everyRevision, type Revision, type Situation } from "../situation.ts";

export const compromised: Check = {
  name: "compromised",
  why: "a leaked token is revoked first and deleted at once; nothing waits for overlap",
  ask(s) {
    const number = s.desired.compromised;
    if (number === null) return null;
    const message = `Revision ${number} was reported as compromised.`;
    if (s.observed.hand?.number === number) return act({ do: "Drop", refused: null }, "Compromised", message);
    const entry = everyRevision(s).find((revision) => revision.entry.number === number);
    if (entry && s.record) {
      const { remote, seen } = entry;
      // An emergency does not wait for a place of delivery that cannot be written.
      if (entry.entry.revoked?.why !== "compromised" && seen !== "gone" && typeof s.copy?.writable !== "string") {
        return act({ do: "Record", record: revoking(s.record, number, "compromised", s.apiNow) }, "Compromised", message);
      }
      if (remote?.active && seen !== "expired") {
        return act({ do: "Revoke", token: remote, ...where(entry.entry) }, "Compromised", message, warning("Compromised", `Revoked revision ${number}: reported as compromised.`));
      }
      return remote ? act(finish(remote, entry.entry), "Compromised", message) : null;
    }
    return strayCompromised(s, number, message);
  },
};

function strayCompromised(s: Situation, number: number, message: string): Hit | null {
  const stray = [...s.lost, ...s.remains].find((candidate) => candidate.number === number);
  if (!stray) return null;
  // Its value may still be on its way to delivery in a process that sleeps.
  const open = !s.copy?.exclusive && number > (s.record?.fence ?? 0) && typeof s.copy?.writable !== "string";
  if (open) return act({ do: "Fence", record: fenced(s, number) }, "Compromised", message);
  return act(finish(stray.remote, stray), "Compromised", message);
}

/** Whether a recorded revocation is to be seen through now. */
function isUnderway(s: Situation, revision: Revision): boolean {
  const { entry: { revoked: noted }, seen } = revision;
  if (!noted) return false;
  // What was compromised is never good again, whoever restores it.
  if (noted.done) return noted.why === "compromised" && seen === "active";
  if (s.desired.state !== "Active") return true;
  // The person changed their mind before the request was sent: restoring takes care of it.
  if (noted.why === "state" && revision === s.current) return false;
  // It gave way to a successor that is no good any more, or may be: it may be all that consumers still have.
  const gaveWay = noted.why === "retired" || noted.why === "early" || noted.why === "state";
  const isGood = s.current && s.current.seen !== "missing" && !s.copy?.unsaved && !brokenCurrent(s, s.current);
  return !(gaveWay && seen === "active" && !isGood);
}

/** A revocation by us is recorded, sent, and then marked as seen through: a crash in between repeats it. */
export const revocationUnderway: Check = {
  name: "revocation-underway",
  why: "what was recorded as revoked is revoked, whatever happened in between",
  ask(s) {
    if (!s.record) return null;
    for (const revision of everyRevision(s)) {
      const { entry, remote, seen } = revision;
      if (!entry.revoked || !isUnderway(s, revision)) continue;
      if (seen === "active" && remote) {
        return act({ do: "Revoke", token: remote, ...where(entry) }, "Revoking", `Revoking revision ${entry.number}.`, revocationEvent(s, entry.number, entry.revoked.why));
      }
      if (seen === "missing" || seen === "unknown") continue;
      return act({ do: "Record", record: revoked(s.record, entry.number, s.apiNow) }, "Revoking", `Revision ${entry.number} is revoked.`);
    }
    return null;
  },
};

function revocationEvent(s: Situation, number: number, why: string): Hit["event"] {
  if (why === "early") return warning("RetiredEarly", `Retired revision ${number} of ${s.desired.resource} early: a newer one could not wait for it.`);
  if (why === "state") return normal("Revoked", `Revoked revision ${number} of ${s.desired.resource}: the spec says state: Revoked.`);
  return normal("Retired", `Retired revision ${number} of ${s.desired.resource}.`);
}

export const stateRevoked: Check = {
  name: "state-revoked",
  why: "state: Revoked revokes at once, the retiring ones too; the value stays for a restore",
  ask(s) {
    if (s.desired.state !== "Revoked" || !s.record) return null;
    for (const revision of everyRevision(s)) {
      const { entry, remote, seen } = revision;
      if (seen !== "active" || !remote) continue;
      // Recorded anew where somebody restored it: the spec wins, and the time for a restore starts again.
      const why = entry.revoked?.why ?? (revision === s.current ? "state" : "retired");
      return act({ do: "Record", record: revoking(s.record, entry.number, why, s.apiNow) }, "Revoking", `Revoking revision ${entry.number}: the spec says state: Revoked.`);
    }
    return null;
  },
};

export const stateRestored: Check = {
  name: "state-restored",
  why: "back to state: Active gives the same secret again",
  ask(s) {
    if (s.desired.state !== "Active" || !s.record || !s.current) return null;
    const { entry, remote, seen } = s.current;
    if (entry.revoked?.why !== "state") return null;
    if (seen === "revoked" && remote && !hasExpired(s)) {
      return act(
        { do: "Restore", token: remote, ...where(entry) },
        "Restoring",
        `Restoring revision ${entry.number}.`,
        normal("Restored", `Restored revision ${entry.number} of ${s.desired.resource}: same secret.`),
      );
    }
    if (seen === "active") {
      return act({ do: "Record", record: restored(s.record, entry.number, false) }, "Restored", `Revision ${entry.number} is active again.`);
    }
    return null;
  },
};

export const rollback: Check = {
  name: "rollback",
  why: "a kept revision is restored for consumers that still hold it; nothing new is delivered",
  ask(s) {
    const number = s.desired.rollback;
    if (number === null || number === s.desired.compromised || !s.record || s.desired.state === "Revoked") return null;
    const old = s.ended.find((revision) => revision.entry.number === number);
    if (!old?.remote || old.entry.revoked?.why === "compromised" || old.seen === "expired") return null;
    if (old.remote.expires !== null && old.remote.expires <= s.apiNow) return null;
    if (!old.remote.active) {
      return act(
        { do: "Restore", token: old.remote, ...where(old.entry) },
        "Restoring",
        `Restoring revision ${number}, as the rollback asks.`,
        normal("Restored", `Restored revision ${number} of ${s.desired.resource} for consumers that still hold it.`),
      );
    }
    return act({ do: "Record", record: restored(s.record, number, false) }, "Restored", `Revision ${number} is active again.`);
  },
};

/** Recorded as expired by a process whose clock is a little ahead: nobody has restored it. */
function isAboutToExpire({ apiNow }: Situation, { entry, remote }: Revision): boolean {
  return entry.revoked?.why === "expired" && remote !== null && remote.expires !== null && remote.expires <= apiNow + MINUTE;
}

export const restoredElsewhere: Check = {
  name: "restored-elsewhere",
  why: "somebody restored what we had revoked: they had a reason, so it is kept, and said",
  ask(s) {
    if (!s.record || s.desired.state === "Revoked") return null;
    const found = s.ended.find((revision) => revision.seen === "active" && revision.entry.revoked?.done && revision.entry.revoked.why !== "compromised" && !isAboutToExpire(s, revision));
    if (!found) return null;
    const message = `Revision ${found.entry.number} of ${s.desired.resource} was restored by somebody: it is kept until it expires or is revoked.`;
    return act({ do: "Record", record: restored(s.record, found.entry.number, true) }, "RestoredElsewhere", message, warning("RestoredElsewhere", message));
  },
};

export const olderEnded: Check = {
  name: "older-ended",
  why: "an older revision that expired, was revoked or was deleted elsewhere only waits to be tidied up",
  ask(s) {
    if (!s.record) return null;
    for (const { entry, seen } of [...s.retiring, ...s.kept]) {
      if (seen !== "expired" && seen !== "revoked" && seen !== "gone") continue;
      const why = seen === "expired" ? "expired" : "elsewhere";
      return act(
        { do: "Record", record: endedElsewhere(s.record, entry.number, why, s.apiNow) },
        "CleaningUp",
        seen === "expired" ? `Revision ${entry.number} has expired.` : `Revision ${entry.number} was revoked or deleted elsewhere.`,
      );
    }
    return null;
  },
};

function hasExpired(s: Situation): boolean {
  const expires = s.current?.remote?.expires ?? s.current?.entry.expires ?? null;
  return expires !== null && expires <= s.apiNow;
}
