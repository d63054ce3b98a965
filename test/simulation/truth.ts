// What is true, and what a process could know of it: the facts that the laws are about.
import { MINUTE } from "../../core/duration.ts";
import type { Entry, Record, RecordedIssuer } from "../../core/record.ts";
import { CREDENTIAL, isOf, type Site, type Token } from "./ledger.ts";
import type { Process } from "./process.ts";
import { readRecord } from "./reading.ts";
import type { Version } from "./secret.ts";
import { ISSUERS, STANDING, type Ref, type World } from "./world.ts";

/** The API tells its time in seconds, and answers travel. */
export const TOLERANCE = 3_000;

export function recordOf(world: World): Record | null {
  const record = readRecord(world.secret.current?.record);
  return record?.mark === world.mark ? record : null;
}

/** The token whose value stands in the delivered copy. */
export function delivered(world: World): Token | null {
  const value = world.secret.current?.value ?? null;
  const token = value === null ? null : world.ledger.ofValue(value);
  return token?.mark === world.mark ? token : null;
}

/** Where an issuer of a record is; null: nowhere that anybody knows. */
export const siteOf = ({ url, userId }: RecordedIssuer): Site | null => ISSUERS.find((issuer) => issuer.url === url && issuer.userId === userId)?.place ?? null;

/** Where the issuer of a name is, or was before it was gone. */
export const siteNamed = ({ issuers }: World, ref = "a"): Site => (issuers[ref as Ref] ?? STANDING[ref as Ref]).place;

/** The last words of ours called it a second owner's. */
export const isNamedTheirs = ({ secondOwnerSaid }: World, { number }: Pick<Token, "number">): boolean => new RegExp(`revision .*\\b${number}\\b`).test(secondOwnerSaid);

/** A copy of the installation has it, and the record calls it a second owner's. */
export function isSaidTheirs(of: Process, token: Token): boolean {
  const { world } = of;
  return recordOf(world)?.others?.includes(token.id) === true && token.by === "clone" && world.ledger.isValid(token) && token.activeSince < of.seenAt(token);
}

/** A record has named it, and nobody took that record away since. */
export const isRecorded = ({ recordedAt, secretTouchedAt }: World, place: Site): boolean => (recordedAt.get(place) ?? -1) > secretTouchedAt;

/** The APIs that the spec or the record names. */
export function placesNamed(world: World): Set<Site> {
  const record = recordOf(world);
  const spec = world.object ? siteNamed(world, world.object.spec.issuerRef) : null;
  const named = record ? [siteOf(record.issuer), record.former ? siteOf(record.former) : null] : [];
  return new Set([spec, ...named].filter((site) => site !== null));
}

export const entryOf = (of: Process, token: Token): Entry | null => of.record?.revisions.find((entry) => isOf(token, entry)) ?? null;

/** Nobody else acts beside it. */
export const leads = (of: Process): boolean => of.world.stack !== null || (of.world.profile.mode === "elected" && of.world.leader === of);

/** Somebody else touched the delivered copy after this process last looked: what it does next rests on the past. */
export const overtaken = (of: Process): boolean => of.world.secretTouchedAt >= of.lookedAt - 1 || of.world.secretTouched > of.basis;

/** A process acts on an order that a person gave, as far as it knows. */
export function ordered(of: Process, token: Token): boolean {
  const { desired } = of;
  const entry = entryOf(of, token);
  // Another token of a recorded number is recorded under a later one.
  return desired.deleting || desired.state === "Revoked" || desired.compromised === (entry ?? token).number || entry?.revoked?.why === "compromised";
}

/** The user's name as the spec has it: none where the token is the credential's own. */
export function nameOfOwner({ ledger }: World, owner: number): string | null {
  return owner === CREDENTIAL ? null : (ledger.users.find(({ id }) => id === owner)?.name ?? "");
}

/** Another object's, or with the record of another resource. */
export function isForeign({ uid, world }: Process, { owner, record }: Version): boolean {
  const mark = readRecord(record)?.mark ?? null;
  return (owner !== null && owner !== uid) || (mark !== null && mark !== world.mark);
}

export const usedBefore = (token: Token, at: number): boolean => token.uses.some((use) => use <= at);

/** Used, later than by a verification of ours, and the last list could show it. */
export function seenInUse(of: Process, token: Token): boolean {
  return token.uses.some((use) => use <= of.seenAt(token) && use + of.world.ledger.skew > token.created + MINUTE + 1_000);
}

/** Made before the declaring object: of an earlier life. */
export function isOlder(world: World, token: Token): boolean {
  const { object } = world;
  if (!object || token.deleted) return false;
  // Pulumi keeps no birthday: what is older than all that the state knows is of an earlier life, or another stack's.
  const since = world.stack ? Math.min(...(recordOf(world)?.revisions ?? []).map(({ created }) => created)) : object.since - MINUTE;
  return token.created < since;
}
