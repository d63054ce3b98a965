// Everything that decides how a small world goes on, as one text: two worlds of the same text have the same future.
// Times count from now, in whole seconds, and beyond the longest span that anything in the small model waits for they
// are all the same; the judge's own comparisons are written out. Names that never come again count by their place.
import type { Desired } from "../../core/desired.ts";
import type { Record } from "../../core/record.ts";
import { isRecorded, overtaken } from "./truth.ts";
import { readRecord } from "./reading.ts";
import { issuerId } from "../../core/home.ts";
import type { Replica } from "./replica.ts";
import type { SimApi } from "./sim-api.ts";
import type { Token } from "./ledger.ts";
import type { Version } from "./secret.ts";
import type { World } from "./world.ts";

/** Longer than every overlap of the small model, and than two lists are apart at most. */
const LONG = 65_000;
const SHORT = 15_000;

export function stateOf(world: World): string {
  const { object, ledger, secret, time } = world;
  const since = (date: number | null, most = SHORT): number | null => (date === null ? null : Math.min(most, Math.floor(time.now - date)));
  return JSON.stringify([
    time.ahead(),
    object && [object.spec, object.deleting, object.held, object.said && [object.said.revision, object.said.reason]],
    version(world, secret.current),
    [...ledger.tokens.values(), ...gone(world)].map((token) => tokenState(world, token, since)),
    ledger.users.map(({ active }) => active),
    world.replicas.map((replica) => replicaState(replica, since)),
    [Object.values(world.issuers).map((issuer) => issuer && issuerId(issuer)), [...world.recordedAt.keys()].filter((place) => isRecorded(world, place)), since(world.removedAt)],
    [[...world.orphans].map(({ name }) => name), world.unclaimedSaid, world.secondOwnerSaid, world.secretTouchedAt === time.now],
    world.leader ? world.nameOf(world.leader) : null,
  ]);
}

type Since = (date: number | null, most?: number) => number | null;

/** Tokens that are deleted, and whose values are still somewhere. */
function gone({ secret, ledger, replicas }: World): Token[] {
  const values = [secret.current?.value, ...replicas.flatMap(({ memory, cache }) => [memory.value?.reveal(), cache.version?.value])];
  return values.flatMap((value) => (value ? (ledger.ofValue(value) ?? []) : [])).filter(({ deleted }) => deleted);
}

function tokenState(world: World, token: Token, since: Since): unknown {
  const { id, number, place, created, expires, owner, scim, active, activeSince, endedAt, deleted, deliveredAt, endedBy, failures } = token;
  const dates = [since(created - world.ledger.skew), since(activeSince), since(endedAt), since(deliveredAt)];
  const judged = world.replicas.map((replica) => {
    const listedAt = replica.listedAt(place);
    return [endedAt !== null && endedAt < listedAt, activeSince < listedAt, replica.busy && activeSince > replica.lookedAt, replica.toldOf(token) > replica.seenAt(token)];
  });
  return [id, number, place, expires, owner, scim, active, deleted, endedBy, failures, dates, judged];
}

function recordState(world: World, record: Record | null): unknown {
  if (!record) return null;
  const since = (date: number | null): number | null => (date === null ? null : Math.min(SHORT, Math.floor((world.time.now + world.ledger.skew - date) / 1_000) * 1_000));
  return { ...record, former: record.former && { ...record.former, since: since(record.former.since) }, revisions: record.revisions.map((entry) => ({
    ...entry,
    created: since(entry.created),
    deliveredAt: since(entry.deliveredAt),
    usedAfter: null,
    retiringSince: entry.retiringSince === undefined ? null : since(entry.retiringSince),
    revoked: entry.revoked ? { ...entry.revoked, at: since(entry.revoked.at) } : null,
  })) };
}

function version(world: World, of: Version | null): unknown {
  if (!of) return null;
  return [world.secret.version - of.resourceVersion, of.uid, of.value, of.owner, of.look, of.ownAlone, recordState(world, readRecord(of.record))];
}

function replicaState(replica: Replica, since: Since): unknown {
  const { world, memory, cache, apis } = replica;
  const { hand } = memory;
  return [
    replica.busy && workState(replica, since),
    [hand && { ...hand, created: since(hand.created - world.ledger.skew), usedAfter: null }, memory.taken, memory.refused, memory.failed, memory.writable, memory.writableFor, memory.refusals, memory.unrenderable],
    memory.writable === null ? null : Math.min(LONG, Math.floor((replica.clock.monotonic() - memory.writableAt) / 1_000) * 1_000),
    [version(world, cache.version), world.secret.version - cache.resourceVersion, cache.synced, cache.read === cache.resourceVersion],
    [replica.reaches, replica.failures, replica.uid, since(replica.wakeAt, LONG), apis.map(({ at, usersAt }) => [at.url, at.userId, since(usersAt, LONG)])],
    apis.map((api) => listState(api, world, since)),
    order(replica),
    recordState(world, memory.seen?.record ?? null),
  ];
}

/** In the middle of something. */
function workState(replica: Replica, since: Since): unknown {
  const { world, planned, doing, desired, basis } = replica;
  return [
    replica.waitsFor,
    doing && JSON.stringify(doing, (key, value: unknown) => shown(replica, key, value)),
    wanted(desired),
    answer(replica),
    [world.secret.version - basis, planned && version(world, planned), since(replica.lookedAt), since(replica.editedAt), overtaken(replica), basis < replica.listedCopy],
  ];
}

/** What the lists show, with what our own writes were answered since; of an earlier one only which tokens it held. */
function listState(api: SimApi, world: World, since: Since): unknown {
  const newest = api.lists.at(-1);
  const shownActive = new Map((newest?.tokens ?? []).map(({ id, active }) => [id, active]));
  const recorded = new Set((readRecord(world.secret.current?.record)?.revisions ?? []).map(({ id }) => id));
  const deleted: number[] = [];
  for (const { id, active } of api.writes) {
    if (active !== null) shownActive.set(id, active);
    else if (shownActive.delete(id) || recorded.has(id)) deleted.push(id);
  }
  return [[...shownActive], deleted.filter((id) => recorded.has(id)), api.lists.map(({ at, tokens }) => [since(at, LONG), tokens.map(({ id }) => id).filter((id) => recorded.has(id))])];
}

const wanted = ({ since: _, ...desired }: Desired): unknown => desired;

/** What is to be done, with its times from now on. */
function shown({ world, clock }: Replica, key: string, value: unknown): unknown {
  if (key === "record") return recordState(world, value as Record);
  if (key === "created" || key === "expires" || key === "lastUsed") return null;
  return key === "after" ? Math.floor((value as number) - clock.monotonic()) : value;
}

/** The answer that is on its way: of a list, which tokens it shows. */
function answer({ answer: on, world, waitsFor }: Replica): unknown {
  if (waitsFor === "read-secret" && Array.isArray(on)) return [version(world, on[0] as Version | null), world.secret.version - (on[1] as number)];
  return JSON.stringify(on, (key, value: unknown) => (key === "created" || key === "lastUsed" || key === "record" || key === "resourceVersion" ? null : value));
}

/** What the process knows by its own steady clock, in the order of time: nothing else of it is ever compared. */
function order({ memory, cache, apis, busy, copyAt }: Replica): string {
  const known: [string, number][] = [["cache", cache.at], ["seen", memory.seen?.at ?? 0]];
  for (const [issuer, at] of memory.uncertain) known.push([`uncertain ${issuer}`, at]);
  for (const { at, lists } of apis) {
    for (const [i, { sentAt, doneAt }] of lists.entries()) known.push([`sent${i} ${at.url}`, sentAt], [`done${i} ${at.url}`, doneAt]);
  }
  if (memory.hand) known.push(["issued", memory.issuedAt]);
  if (busy) known.push(["read", copyAt.read], ["copy", copyAt.done]);
  return known.sort((a, b) => a[1] - b[1]).map(([name]) => name).join(" ");
}
