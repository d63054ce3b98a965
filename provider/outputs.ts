// What a resource shows after an operation: plain JSON, dates for people, nothing undefined.
import type { NextAction } from "../core/action.ts";
import { renewAt, retireAt } from "../core/dates.ts";
import { formatInstant } from "../core/instant.ts";
import type { Revision, Situation } from "../core/situation.ts";
import { kept, keptBefore, type Outputs } from "./desired.ts";
import type { Inputs } from "./inputs.ts";
import { packRotation } from "./rotation-line.ts";
import { encodeState } from "./state-record.ts";
import type { StateTarget } from "./state-target.ts";
import type { RetiringRevision } from "./token-outputs.ts";

const instant = (at: number | null): string | undefined => (at === null ? undefined : formatInstant(at));

export function nextWords({ type, at, reason }: NextAction): string {
  if (type === "None") return reason;
  const words = reason.charAt(0).toLowerCase() + reason.slice(1);
  return `${type}${at === null ? "" : ` at ${formatInstant(at)}`}: ${words}`;
}

function stateOf({ entry, seen }: Revision): "Active" | "Revoked" | "Expired" | "Deleted" {
  if (seen === "gone") return "Deleted";
  if (seen === "expired") return "Expired";
  return seen === "revoked" || (seen !== "active" && entry.revoked) ? "Revoked" : "Active";
}

function retiring(s: Situation): RetiringRevision[] {
  const { current } = s;
  return s.retiring.map((old) => {
    const { number, id, expires } = old.entry;
    return {
      revision: number,
      tokenId: id,
      ...(expires === null ? {} : { expiresAt: formatInstant(expires) }),
      ...(current === null ? {} : { retireAt: formatInstant(retireAt(s, old, current).at) }),
    };
  });
}

function currentOutputs(s: Situation, current: Revision): Outputs {
  const { entry, remote } = current;
  const used = remote?.lastUsed ?? null;
  return {
    tokenId: entry.id,
    tokenName: entry.name,
    revision: entry.number,
    expiresAt: instant(entry.expires),
    renewAt: instant(renewAt(s.desired, entry)),
    lastUsedAt: instant(used),
    usage: used !== null && used > entry.usedAfter ? "Used" : "NotUsed",
    state: stateOf(current),
  };
}

/** No revision was issued yet: state: Revoked from the start. */
const nothingIssued = (s: Situation): Outputs => ({ tokenName: s.desired.base, revision: 0, usage: "NotUsed", state: s.desired.state });

export interface Shown {
  readonly situation: Situation;
  readonly target: StateTarget;
  readonly next: NextAction;
  /** The inputs, or what the last outputs kept of them. */
  readonly inputs: Inputs;
}

export function outputsOf({ situation, target, next, inputs }: Shown): Outputs {
  const { current } = situation;
  const repeated = current ? kept(inputs) : keptBefore(inputs);
  const outputs: Outputs = {
    ...repeated,
    // A plugin's outputs have the types of its schema, and lie in a state that holds no __provider.
    ...(inputs["__provider"] === undefined ? {} : { rotation: packRotation(repeated["rotation"]) }),
    ...(current ? currentOutputs(situation, current) : nothingIssued(situation)),
    // The second call site of reveal(): this is the delivered copy.
    token: target.token?.reveal(),
    nextAction: nextWords(next),
    retiring: retiring(situation),
    record: target.record ? encodeState(target.record) : undefined,
    __provider: inputs["__provider"],
  };
  return Object.fromEntries(Object.entries(outputs).filter(([, value]) => value !== undefined));
}
