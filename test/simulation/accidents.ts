// What befalls the issuer, its API, and what others restore, copy or clone.
import { HOUR, MINUTE } from "../../core/duration.ts";
import { markOf, tokenName } from "../../core/name.ts";
import { encodeRecord } from "../../core/record.ts";
import { OPEN_POLICY } from "../../tokenapi/issuer.ts";
import { issuerId } from "../../core/home.ts";
import { aWhile, edit, outside, touchSecret, type Act } from "./act.ts";
import { placesNamed, recordOf } from "./truth.ts";
import { CREDENTIAL, type Token } from "./ledger.ts";
import { onCopied, onGone, revokeSoon } from "./misfortune.ts";
import { Random } from "./random.ts";
import { COLLEAGUE, ELSEWHERE, NOBODY, RENAMED, STANDING, World, type Ref } from "./world.ts";

/** The mark of another resource of the same installation. */
const OTHER = markOf("simulation", "ServiceToken/data/export");
/** What a renamed user's name ends with. */
export const FORMER = " (former)";

/** Somebody else under our mark: a copy of this cluster, restored from a backup. It uses what it issues, and issues anew when that was revoked. */
function clone(world: World, last = recordOf(world)?.fence ?? 0, left = 4): void {
  const { ledger, time, random } = world;
  const number = 1 + Math.max(last, ...world.tokens().map((token) => token.number));
  const owner = world.anOwner();
  if (!owner) return;
  const token = ledger.issue({ name: tokenName("data-ingest", world.mark, number), days: 30, scim: false, owner: owner.id }, "clone");
  world.tell(() => `  a copy of this installation issued r${number} (#${token.id})`);
  world.causes += 3;
  const use = (): void => {
    const isFirst = token.uses.length === 0;
    if (ledger.use(token.value)) token.uses.push(time.now);
    // Whoever finds two of them in use takes ours for the one too many.
    if (isFirst && world.faults && random.chance(0.15)) revokeSoon(world);
    // It rotates as we do, and then uses the new one.
    if (world.faults && left > 0 && random.chance(0.2)) return clone(world, number, left - 1);
    time.in(random.span(2 * MINUTE, 6 * HOUR), use);
  };
  const look = (): void => {
    if (token.uses.length > 0 || left === 0 || !world.faults) return;
    if (ledger.isValid(token)) return time.in(random.span(5_000, 30_000), look);
    clone(world, number, left - 1);
    world.outside(5_000);
  };
  time.in(random.span(5_000, 30_000), look);
  time.in(random.span(70_000, 200_000), use);
}

function copied(world: World): void {
  clone(world);
  onCopied(world);
}

/** The API restored from a backup gives an id out again, to somebody else. */
function reuse(token: Token, { ledger, random }: World): void {
  ledger.revoke(token.id, "outside");
  ledger.delete(token.id, "outside");
  const owner = ledger.users.find(({ id, active }) => active && id === token.owner);
  const name = random.pick([`somebody-elses-${token.id}`, tokenName("data-export", OTHER, token.number + random.int(3))]);
  if (owner && ![...ledger.tokens.values()].some((other) => other.name === name)) ledger.issue({ name, days: null, scim: false, owner: owner.id, place: token.place }, "stranger", token.id);
}

/** The API loses what happened since its backup: what was issued is gone, what was deleted is back, ids and names come again. */
function rewind(world: World): void {
  const { ledger, random } = world;
  if (world.backups.length === 0) return;
  ledger.rewind(random.pick(world.backups).api);
  // It takes a moment to come back: no id and name are given out twice in one second of its clock.
  world.outageUntil = Math.max(world.outageUntil, world.time.now + 2_000);
  world.neighbours.recover();
  world.causes += 4;
  for (const token of world.tokens()) {
    // What comes back of an earlier life is nobody's, and at an issuer that was left for good the sweep's.
    if (!world.object || !placesNamed(world).has(token.place) || token.created - ledger.skew < world.object.since) world.orphans.add(token);
  }
}

/** The cluster loses what happened since its backup: object and copy are as they were, and every process is a new one. */
function restoreCluster(world: World): void {
  const { object, random, secret } = world;
  const backup = world.backups.length > 0 ? random.pick(world.backups) : null;
  if (!backup || !object || object.deleting || backup.uid !== object.uid) return;
  world.touch();
  Object.assign(object.spec, backup.spec);
  if (backup.copy) secret.put({ ...backup.copy });
  // The owner that it bears may be an object that is gone by now.
  const owner = backup.copy?.owner;
  if (owner && world.rival) world.time.in(1_000, () => world.rival?.collect(owner));
  else if (secret.current) secret.remove();
  world.causes += 4;
  for (const replica of [...world.replicas]) replica.die("with its cluster");
}

/** Somebody copies the annotations of another resource's Secret onto this one. */
function copyRecord(world: World): void {
  const { current } = world.secret;
  const record = recordOf(world);
  const theirs = world.neighbours.first;
  const entry = record?.revisions.find(({ number }) => number === record.current);
  if (!current || !record || !entry || !theirs) return;
  touchSecret(world);
  const revisions = [{ ...entry, id: theirs.id, name: theirs.name, created: theirs.created }];
  world.secret.put({ ...current, record: encodeRecord({ ...record, mark: OTHER, revisions }), ownAlone: false });
  world.tell(() => "  it bears another resource's record now");
}

/** A service user gets another name, or one of that name comes back: the same one, or a new one. */
function rename(world: World): void {
  const { ledger, random } = world;
  const user = random.pick(ledger.users.filter(({ id }) => id !== CREDENTIAL));
  const old = user.name.endsWith(FORMER);
  const name = old ? user.name.slice(0, -FORMER.length) : `${user.name}${FORMER}`;
  if (ledger.users.some((other) => other.place === user.place && other.name === name)) return;
  if (old && random.chance(0.5)) ledger.users.push({ id: 1_000 + ledger.users.length, place: user.place, name, active: true });
  else user.name = name;
  world.tell(() => `  ${name}`);
  world.causes += 2;
  world.outside(MINUTE);
}

/** The object comes back from a backup, younger than its tokens; the delivered copy was never gone. */
function restoreObject(world: World): void {
  const { object, secret } = world;
  if (!object || object.deleting || secret.current?.owner !== object.uid || !recordOf(world)) return;
  world.touch();
  secret.put({ ...secret.current, owner: null, ownAlone: false });
  const { spec } = object;
  world.vanish();
  world.create(spec);
  world.causes += 3;
  world.outside(500);
}

/** What concerns the issuer, its API and those beside us. */
/** A second object that names the same Secret comes, asks for a rotation, goes, or comes again. */
function rival(world: World): void {
  const other = world.rival;
  if (!other) {
    world.rival = new World(new Random(world.random.int(1_000_000)), world.coverage, world.story, { profile: world.profile, time: world.time, beside: world });
    world.rival.luck = world.luck;
    return;
  }
  other.causes += 2;
  if (!other.object) other.create();
  else if (world.random.chance(0.4)) goRival(other);
  else other.object.spec.rotate = `r${world.random.int(1_000_000)}`;
  other.outside(500);
}

/** The person who settles it lets the other one go. */
export function goRival(other: World): void {
  if (!other.object || other.object.deleting) return;
  other.tell(() => "PERSON deletes the rival");
  other.object.deleting = true;
  if (other.object.held) return;
  for (const token of other.tokens()) other.orphans.add(token);
  other.vanish();
}

/** Somebody changes the workload, or who may. */
export function meddle(world: World, change: Partial<World["workload"]>): void {
  Object.assign(world.workload, change);
  world.workloadTouchedAt = world.time.now;
}

/** The workload is made anew: its pods begin with what is delivered then. */
export const made = (world: World): void => meddle(world, { exists: true, marked: null, madeAt: world.time.now + world.ledger.skew + 5_000 });

/** A name stands for another API from now on, or for none. */
function pointTo(world: World, to: Partial<World["issuers"]>): void {
  Object.assign(world.issuers, to);
  world.renamedAt = world.time.now;
}

function restoreIssuers(world: World): void {
  pointTo(world, STANDING);
}

interface Change {
  readonly from: string;
  readonly to: string;
}

type Known = NonNullable<ReturnType<typeof recordOf>>["issuer"];

const change = (from: Known, to: Pick<Known, "url" | "userId"> | null): Change | null => (to ? { from: issuerId(from), to: issuerId(to) } : null);

/** What a person would have to consent to: an issuer that is another than the record says, or one that was left. */
export function changeOf(world: World): Change | null {
  const record = recordOf(world);
  const { object, issuers } = world;
  if (!record || !object) return null;
  const { issuer, former } = record;
  const { issuerRef } = object.spec;
  const refOf = ({ ref }: Known): Ref => (ref ?? issuerRef) as Ref;
  const isOther = (known: Known): boolean => {
    const now = issuers[refOf(known)];
    return now === null || issuerId(now) !== issuerId(known);
  };
  const leaves = former && isOther(former) ? change(former, issuer) : null;
  const stays = isOther(issuer) ? change(issuer, issuers[refOf(issuer)]) : null;
  // At the end what was left is waited for before anything else.
  if (object.deleting) return leaves ?? stays;
  const goesOn = isOther(issuer) && (former || refOf(issuer) === issuerRef) ? change(issuer, issuers[issuerRef]) : null;
  return goesOn ?? (former ? null : stays) ?? leaves;
}

/** One is gone: often the one that the resource has left, and then its person may name it anew. */
function lose(world: World): void {
  const { random, object, stack } = world;
  const former = recordOf(world)?.former?.ref as Ref | undefined;
  const ref = former && random.chance(0.5) ? former : random.pick<Ref>(["a", "a", "b"]);
  pointTo(world, { [ref]: null });
  onGone(world, ref);
  if (object && !stack && ref === former && random.chance(0.5)) object.spec.issuerRef = ref;
}

export const ACCIDENTS: readonly Act[] = [
  aWhile("issuer-gone", 1, lose, (world) => restoreIssuers(world)),
  aWhile("issuer-moved", 2, (world) => pointTo(world, { a: world.random.pick([ELSEWHERE, RENAMED, ...(world.stack ? [] : [NOBODY, COLLEAGUE])]) }), (world) => restoreIssuers(world)),
  edit("issuer-ref", 4, (spec, { random }) => (spec.issuerRef = random.pick(["a", "b", "b", "c"])), 4),
  edit("issuer-change-accepted", 2, (spec, world) => {
    const change = changeOf(world);
    if (change) spec.issuerChange = change;
  }, 3),
  aWhile("policy-of-issuer", 1, (world) => {
    const { random } = world;
    world.policy = { ...OPEN_POLICY, maxDays: random.pick([1, null]), allowNever: random.chance(0.5), minOverlap: random.pick([0, HOUR]), serviceUsers: random.pick([null, ["Data*"], ["other"]]) };
  }, (world) => (world.policy = OPEN_POLICY)),
  {
    name: "credential-denied",
    weight: 1,
    run(world) {
      world.deniedUntil = world.time.now + world.random.span(1_000, HOUR);
      world.deniedAs = world.random.pick(["PERMISSION_DENIED", "UNAUTHENTICATED"]);
    },
  },
  {
    name: "tokens-refused",
    weight: 1,
    run(world) {
      world.refusedUntil = world.time.now + world.random.span(10_000, 3 * HOUR);
      world.causes++;
    },
  },
  {
    name: "list-cut-off",
    weight: 2,
    run(world) {
      if (!world.neighbours.stand) return;
      world.cutUntil = world.time.now + world.random.span(1_000, 3 * HOUR);
      if (world.luck.chance(0.3)) revokeSoon(world);
    },
  },
  {
    name: "everything-deleted",
    weight: 1,
    run(world) {
      if (!world.neighbours.stand) return;
      world.neighbours.vanish();
      world.causes += 2;
      world.outside(MINUTE);
    },
  },
  aWhile("workload-gone", 1, (world) => meddle(world, { exists: false }), made),
  aWhile("workload-refuses", 1, (world) => meddle(world, { refusal: "forbidden" }), (world) => meddle(world, { refusal: null })),
  { name: "workload-reverted", weight: 1, run: (world) => meddle(world, { marked: null }) },
  aWhile("secret-unreadable", 1, (world) => (world.secret.unreadable = true), (world) => (world.secret.unreadable = false)),
  { name: "installation-cloned", weight: 1, run: copied },
  outside("id-given-out-again", 1, reuse),
  { name: "object-restored-from-backup", weight: 1, run: restoreObject },
  { name: "cluster-restored-from-backup", weight: 1, run: restoreCluster },
  aWhile("api-restored-from-backup", 1, rewind, () => undefined),
  { name: "rival", weight: 2, run: rival },
  { name: "record-of-another", weight: 1, run: copyRecord },
  { name: "user-renamed", weight: 2, run: rename },
];

