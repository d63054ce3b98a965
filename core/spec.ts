// From the spec as a person wrote it to what the engine reads: defaults, durations, and what cannot work.
// Says the same as the schema's CEL rules, for those who have no apiserver in front of them.
import { defaultRenewBefore } from "./dates.ts";
import type { Complaint, DeletionPolicy, Desired, OnExternalChange, Window } from "./desired.ts";
import { DAY, duration, parseDuration, SECOND } from "./duration.ts";
import { baseProblems } from "./token-base.ts";
import { windowProblems } from "./windows.ts";

export interface WindowSpec {
  readonly cron: string;
  readonly duration?: string;
  readonly timeZone?: string;
}

export interface RotationSpec {
  readonly renewBefore?: string;
  readonly every?: string;
  readonly verify?: boolean;
  readonly retire?: {
    readonly when?: "Unused" | "Deadline";
    readonly minOverlap?: string;
    readonly idleFor?: string;
    readonly maxOverlap?: string;
  };
  readonly keepRevokedFor?: string;
  readonly windows?: readonly WindowSpec[];
}

/** The fields that both fronts share, under the same names. */
export interface TokenSpec {
  readonly serviceUser?: { readonly name?: string; readonly id?: number };
  readonly tokenName?: string;
  readonly expiresInDays?: number;
  readonly neverExpires?: boolean;
  readonly scimEndpointsOnly?: boolean;
  readonly state?: "Active" | "Revoked";
  readonly rotation?: RotationSpec;
  readonly onExternalChange?: OnExternalChange;
  readonly deletionPolicy?: DeletionPolicy;
  /** Consent to go on at another issuer; see Desired.issuerChange. */
  readonly issuerChange?: { readonly from: string; readonly to: string };
  /** Kubernetes alone: what is restarted once a new revision is delivered. */
  readonly restart?: readonly WorkloadRef[];
}

export interface WorkloadRef {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet";
  readonly name: string;
}

/** How people name them. */
export const restartWords = ({ restart = [] }: Pick<TokenSpec, "restart">): string[] => restart.map(({ kind, name }) => `${kind} ${name}`);

/** What only the front knows: identity, and what a person asked for beside the spec. */
export interface Front {
  readonly kind: Desired["kind"];
  readonly resource: string;
  readonly mark: string;
  readonly issuerRef?: string;
  readonly defaultBase: string;
  readonly since: number;
  readonly rotate: string;
  readonly compromised: number | null;
  readonly rollback: number | null;
  readonly paused: boolean;
  readonly deleting: boolean;
  readonly abandon: boolean;
  readonly look: string;
  readonly restart?: readonly string[];
  readonly complaint?: Complaint | null;
}

const DEFAULT_DAYS = 90;
/** The shortest time between two rotations that a spec may ask for. */
const LEAST_LIFE = 5 * SECOND;

function lifetime(spec: TokenSpec): number | null {
  return spec.neverExpires ? null : (spec.expiresInDays ?? DEFAULT_DAYS);
}

/** One without a duration that can be read never opens. */
function resolveWindow({ cron, duration: open, timeZone }: WindowSpec): Window {
  return { cron, duration: parseDuration(open ?? "") ?? 0, timeZone: timeZone ?? "UTC" };
}

function resolveRotation(rotation: RotationSpec, days: number | null): Pick<Desired, "renewBefore" | "every" | "verify" | "retire" | "keepRevokedFor" | "windows"> {
  const { when = "Unused", minOverlap = "1h", idleFor = "24h", maxOverlap = "168h" } = rotation.retire ?? {};
  return {
    renewBefore: rotation.renewBefore === undefined ? defaultRenewBefore(days ?? DEFAULT_DAYS) : duration(rotation.renewBefore),
    every: rotation.every === undefined ? null : duration(rotation.every),
    verify: rotation.verify ?? true,
    retire: { when, minOverlap: duration(minOverlap), idleFor: duration(idleFor), maxOverlap: duration(maxOverlap) },
    keepRevokedFor: duration(rotation.keepRevokedFor ?? "168h"),
    windows: (rotation.windows ?? []).map(resolveWindow),
  };
}

export function resolve(spec: TokenSpec, front: Front): Desired {
  const days = lifetime(spec);
  const { serviceUser } = spec;
  const { defaultBase, ...rest } = front;
  return {
    ...rest,
    base: spec.tokenName ?? defaultBase,
    ownerName: serviceUser?.name ?? (serviceUser?.id === undefined ? null : `#${serviceUser.id}`),
    days,
    scim: spec.scimEndpointsOnly ?? false,
    state: spec.state ?? "Active",
    ...resolveRotation(spec.rotation ?? {}, days),
    onExternalChange: spec.onExternalChange ?? "Reissue",
    deletionPolicy: spec.deletionPolicy ?? "Delete",
    ...(spec.issuerChange ? { issuerChange: spec.issuerChange } : {}),
  };
}

export interface Problem {
  /** Path of the field, as in "rotation.renewBefore". */
  readonly path: string;
  readonly message: string;
}

/** What is wrong with a spec whose shape the schema has accepted; all of it at once. */
export function problems(spec: TokenSpec): Problem[] {
  return [...ownerProblems(spec), ...nameProblems(spec), ...lifetimeProblems(spec), ...overlapProblems(spec.rotation?.retire ?? {}), ...windowsProblems(spec.rotation?.windows ?? [])];
}

function windowsProblems(windows: readonly WindowSpec[]): Problem[] {
  return windows.flatMap((window, index) =>
    windowProblems(resolveWindow(window)).map(({ field, message }) => ({ path: `rotation.windows[${index}].${field}`, message })),
  );
}

function ownerProblems({ serviceUser }: TokenSpec): Problem[] {
  if (!serviceUser || (serviceUser.name === undefined) !== (serviceUser.id === undefined)) return [];
  return [{ path: "serviceUser", message: "name the service user by exactly one of name and id" }];
}

function nameProblems({ tokenName }: TokenSpec): Problem[] {
  return tokenName === undefined ? [] : baseProblems(tokenName).map((message) => ({ path: "tokenName", message }));
}

function lifetimeProblems(spec: TokenSpec): Problem[] {
  const found: Problem[] = [];
  const days = lifetime(spec);
  const { renewBefore, every } = spec.rotation ?? {};
  if (spec.neverExpires && spec.expiresInDays !== undefined) {
    found.push({ path: "expiresInDays", message: "expiresInDays and neverExpires exclude each other: leave one of them out" });
  }
  const before = renewBefore === undefined ? null : parseDuration(renewBefore);
  if (before !== null && days !== null && before + LEAST_LIFE > days * DAY) {
    found.push({
      path: "rotation.renewBefore",
      message: "renewBefore must be shorter than the lifetime by at least 5s: every revision would be due for renewal at once",
    });
  }
  const period = every === undefined ? null : parseDuration(every);
  if (period !== null && period < LEAST_LIFE) found.push({ path: "rotation.every", message: "rotation.every must be at least 5s" });
  return found;
}

function overlapProblems({ minOverlap = "1h", maxOverlap = "168h" }: NonNullable<RotationSpec["retire"]>): Problem[] {
  const least = parseDuration(minOverlap);
  const most = parseDuration(maxOverlap);
  if (least === null || most === null || least <= most) return [];
  return [{ path: "rotation.retire.minOverlap", message: "minOverlap is longer than maxOverlap: make minOverlap shorter or maxOverlap longer" }];
}
