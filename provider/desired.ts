// From inputs, or from what the outputs kept of them, to what the engine reads.
import { createHash } from "node:crypto";
import type { Desired } from "../core/desired.ts";
import type { Entry, Record } from "../core/record.ts";
import { serviceTokenFields } from "../core/schema.ts";
import { resolve, type TokenSpec } from "../core/spec.ts";
import { nameOf } from "./mark.ts";
import { written, type Inputs } from "./inputs.ts";
import { unpackRotation } from "./rotation-line.ts";
import { telling } from "./telling.ts";
import { known } from "./unknown.ts";

export type Outputs = { readonly [name: string]: unknown };

export interface Subject {
  readonly kind: Desired["kind"];
  /** The resource's id: its mark, for life. */
  readonly mark: string;
}

/** The inputs that are repeated in the outputs under the same names, as far as they say more than the default: refresh and destroy get no inputs. */
const KEPT = ["rotation", "onExternalChange", "deletionPolicy", "issuerChange", "compromised", "rollback"] as const;
/** What the record tells of the current revision, and nobody while there is none. */
const RECORDED = ["serviceUser", "expiresInDays", "neverExpires", "scimEndpointsOnly"] as const;

/** From inputs, or from outputs of this version or of an older one. */
function pick(from: Inputs, names: readonly string[]): Outputs {
  const all = known(from) as Inputs;
  const spec: Inputs = { ...all, rotation: unpackRotation(all["rotation"]) };
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = telling(spec[name], serviceTokenFields[name]);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

export const kept = (inputs: Inputs): Outputs => pick(inputs, KEPT);
/** The same while nothing is issued. */
export const keptBefore = (inputs: Inputs): Outputs => pick(inputs, [...KEPT, ...RECORDED]);

/** Whether the outputs repeat other inputs than these. */
export function isChanged(outputs: Outputs, inputs: Inputs): boolean {
  return canonical(kept(outputs)) !== canonical(kept(inputs));
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}

/** A trigger may be a secret: the record is not, so it holds a fingerprint. */
function fingerprint(trigger: unknown): string {
  return trigger === undefined || trigger === null ? "" : createHash("sha256").update(canonical(trigger)).digest("hex").slice(0, 16);
}

const numberOf = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** Once a revision is recorded, only newer tokens are of this life: the engine never issues beside one that it has to clear. */
const sinceOf = (record: Record | null): number => (record && record.revisions.length > 0 ? Number.MAX_SAFE_INTEGER : 0);

/** A refresh hands over what the state holds, and nobody's name: there the base of the token's own stands for both. */
function nameLast({ tokenName }: Inputs, record: Record | null): string | undefined {
  return currentOf(record)?.inputs.base ?? (typeof tokenName === "string" ? tokenName : undefined);
}

function front({ kind, mark }: Subject, inputs: Inputs, record: Record | null): Parameters<typeof resolve>[1] {
  const resource = nameOf(inputs["self"], nameLast(inputs, record));
  return {
    kind,
    mark,
    since: sinceOf(record),
    resource,
    defaultBase: resource,
    rotate: fingerprint(inputs["trigger"]),
    compromised: numberOf(inputs["compromised"]),
    rollback: numberOf(inputs["rollback"]),
    paused: false,
    deleting: false,
    abandon: false,
    look: "",
  };
}

/** What the program asks for. */
export function wanted(subject: Subject, inputs: Inputs, record: Record | null): Desired {
  return resolve(known(written(inputs)) as TokenSpec, front(subject, inputs, record));
}

const currentOf = (record: Record | null): Entry | undefined => record?.revisions.find(({ number }) => number === record.current);

/** The service user that was asked for last, as `serviceUser` names one. */
export function ownerLast(outputs: Outputs, record: Record | null): unknown {
  const current = currentOf(record);
  return current ? { id: current.inputs.owner } : outputs["serviceUser"];
}

function lifetime({ days }: Entry["inputs"]): TokenSpec {
  return days === null ? { neverExpires: true } : { expiresInDays: days };
}

/** What was asked for last, as far as outputs and record tell. */
export function wantedLast(subject: Subject, outputs: Outputs, record: Record | null): Desired {
  const current = currentOf(record);
  const spec = { ...(keptBefore(outputs) as TokenSpec), ...(current ? { scimEndpointsOnly: current.inputs.scim } : {}) };
  const { expiresInDays: _, neverExpires: __, ...rest } = spec;
  const desired = resolve(current ? { ...rest, ...lifetime(current.inputs) } : spec, front(subject, outputs, record));
  return {
    ...desired,
    state: current?.revoked?.why === "state" ? "Revoked" : "Active",
    base: current?.inputs.base ?? desired.base,
    resource: current?.inputs.base ?? desired.resource,
    rotate: current?.inputs.rotate ?? desired.rotate,
  };
}
