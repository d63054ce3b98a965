// The person and the rest of the world: orders, edits, accidents, outages. Each act says what it did.
import { HOUR, MINUTE } from "../../core/duration.ts";
import { ACCIDENTS } from "./accidents.ts";
import { anyRevision, edit, outside, touchSecret, type Act } from "./act.ts";
import { CREDENTIAL, isOf } from "./ledger.ts";
import { onCompromised, onRefused } from "./misfortune.ts";
import { recordOf } from "./truth.ts";
import { DAILY, HOURLY, WORKLOADS, type World } from "./world.ts";

/** What there is of it where Pulumi is the front: no Secret, no object, no annotation, and a state that is locked while an up runs. */
const NOT_OF_A_STACK: ReadonlySet<string> = new Set(["paused", "look", "record-removed", "secret-foreign", "secret-refuses", "secret-unreadable", "object-restored-from-backup", "cluster-restored-from-backup", "record-of-another", "rival", "clock-jump", "issuer-ref"]);
const OF_THE_STATE: ReadonlySet<string> = new Set(["secret-deleted", "secret-edited", "secret-restored-from-backup"]);
const isPossible = ({ stack }: World, name: string): boolean => !stack || (!NOT_OF_A_STACK.has(name) && !(stack.locked && OF_THE_STATE.has(name)));

/** A deletion that does not come to its end wears out its person's patience. */
function abandonLater(world: World): void {
  const { object, random } = world;
  if (!object || world.stack || !random.chance(0.3)) return;
  world.time.in(random.span(10_000, HOUR), () => {
    if (world.object !== object) return;
    world.tell(() => "PERSON abandons");
    object.spec.abandon = true;
    world.outside(500);
  });
}

export function deleteObject(world: World): void {
  if (!world.object || world.object.deleting) return;
  world.object.deleting = true;
  if (!world.object.held) {
    for (const token of world.tokens()) world.orphans.add(token);
    world.vanish();
  }
  world.outside(500);
}

export const ACTS: readonly Act[] = [
  { name: "nothing", weight: 4, run: () => undefined },
  edit("rotate", 6, (spec, { random }) => (spec.rotate = `r${random.int(1_000_000)}`)),
  edit("lifetime", 2, (spec, { random }) => {
    spec.days = random.pick([1, 2, 30, null]);
    spec.renewBefore = Math.floor(((spec.days ?? 90) * 24 * HOUR) / 3);
  }),
  edit("base-name", 1, (spec, { random }) => (spec.base = random.pick(["data-ingest", "ingest", "data ingest ü"]))),
  edit("owner", 2, (spec, { kind, random }) => (spec.ownerName = kind === "PersonalToken" ? null : random.pick(["Data Ingest", "Data Export", "Data Ingest", "Nobody"])), 2),
  edit("scim", 1, (spec) => (spec.scim = !spec.scim)),
  edit("state", 5, (spec) => (spec.state = spec.state === "Active" ? "Revoked" : "Active"), 2),
  edit("compromised", 3, (spec, world) => {
    spec.compromised = anyRevision(world);
    onCompromised(world, spec.compromised);
    // The word is taken back, which makes nothing good again.
    if (world.random.chance(0.3)) world.time.in(world.random.span(100, 3_000), () => (spec.compromised = null));
  }, 2),
  edit("rollback", 2, (spec, world) => (spec.rollback = world.random.chance(0.7) ? anyRevision(world) : null), 2),
  edit("paused", 2, (spec) => (spec.paused = !spec.paused)),
  edit("look", 2, (spec, { random }) => (spec.look = `look-${random.int(3)}`)),
  edit("policy", 2, (spec, { random }) => {
    spec.deletionPolicy = random.pick(["Delete", "Revoke", "Orphan"]);
    spec.onExternalChange = random.pick(["Reissue", "Restore", "Report"]);
  }),
  edit("windows", 2, (spec, { random }) => {
    spec.windows = random.pick([[], HOURLY, DAILY, [{ cron: "61 * * * *", duration: HOUR, timeZone: "UTC" }]]);
  }),
  edit("restart", 1, (spec, { random }) => (spec.restart = random.chance(0.7) ? WORKLOADS : [])),
  edit("complaint", 1, (spec, { random }) => (spec.complaint = random.pick([null, { message: "write it otherwise", blocks: true }, { message: "nobody understands that", blocks: false }]))),
  edit("overlap", 1, (spec, { random }) => {
    spec.retire = { ...spec.retire, maxOverlap: Math.max(spec.retire.minOverlap, random.pick([10_000, 2 * HOUR])), when: random.pick(["Unused", "Deadline"]) };
  }),
  {
    name: "delete-object",
    weight: 3,
    run(world) {
      if (!world.object || world.object.deleting) return;
      abandonLater(world);
      deleteObject(world);
    },
  },
  {
    name: "create-object",
    weight: 4,
    run(world) {
      if (world.object) return;
      world.create();
      world.causes += 2;
      world.outside(500);
    },
  },
  {
    name: "secret-deleted",
    weight: 2,
    run(world) {
      if (!world.secret.current) return;
      touchSecret(world);
      world.secret.remove();
    },
  },
  {
    name: "secret-edited",
    weight: 2,
    run(world) {
      const { current } = world.secret;
      if (!current) return;
      touchSecret(world);
      const value = world.random.pick(["tampered", current.value, null, world.tokens()[0]?.value ?? "x"]);
      world.secret.put({ ...current, value, ownAlone: false });
    },
  },
  {
    name: "record-removed",
    weight: 1,
    run(world) {
      const { current } = world.secret;
      if (!current || current.owner === null) return;
      touchSecret(world);
      world.secret.put({ ...current, record: world.random.chance(0.5) ? null : "{", ownAlone: false });
    },
  },
  {
    name: "secret-restored-from-backup",
    weight: 1,
    run(world) {
      const versions = [...world.secret.history.values()].filter((version) => version !== null && version.owner === world.object?.uid);
      if (versions.length === 0) return;
      touchSecret(world);
      world.causes += 2;
      const { value, record, owner, look } = world.random.pick(versions) as NonNullable<(typeof versions)[number]>;
      world.secret.put({ value, record, owner, look, ownAlone: false });
    },
  },
  {
    name: "secret-foreign",
    weight: 1,
    run(world) {
      touchSecret(world);
      if (world.secret.current) world.secret.remove();
      world.secret.put({ value: "theirs", record: null, owner: "somebody", look: "", ownAlone: false });
    },
  },
  {
    name: "secret-refuses",
    weight: 1,
    run(world) {
      world.secret.refusal = "quota exceeded";
      world.causes++;
      world.time.in(world.random.span(1_000, 2 * HOUR), () => (world.secret.refusal = null));
      onRefused(world);
    },
  },
  outside("revoked-elsewhere", 3, ({ id }, { ledger }) => void ledger.revoke(id, "outside")),
  outside("deleted-elsewhere", 2, ({ id }, { ledger }) => {
    ledger.revoke(id, "outside");
    ledger.delete(id, "outside");
  }),
  outside("restored-elsewhere", 2, (token, world) => {
    const { ledger } = world;
    if (ledger.isOver(token)) return;
    ledger.restore(token.id, "outside");
    // What an earlier life left revoked, for audit, is nobody's when somebody restores it.
    // While it is suspended by order, that order's end is what counts.
    // Of a revocation that died with its up, before the state was saved, nobody knows.
    const noted = recordOf(world)?.revisions.find((entry) => isOf(token, entry))?.revoked;
    if (noted?.why === "state" || (world.stack && !noted)) token.rescued = null;
    for (const { object, orphans } of [world, ...(world.rival ? [world.rival] : [])]) {
      if (!object || token.created - ledger.skew < object.since) orphans.add(token);
    }
  }),
  {
    name: "owner-deactivated",
    weight: 1,
    run(world) {
      const user = world.random.pick(world.ledger.users.filter(({ id }) => id !== CREDENTIAL));
      user.active = !user.active;
      world.causes++;
      world.outside(MINUTE);
    },
  },
  ...ACCIDENTS,
  {
    name: "outage",
    weight: 2,
    run(world) {
      world.outageUntil = world.time.now + world.random.span(1_000, 2 * HOUR);
      world.causes++;
    },
  },
  {
    name: "clock-jump",
    weight: 2,
    run(world) {
      if (world.replicas.length === 0) return;
      const replica = world.random.pick(world.replicas);
      replica.shift = world.random.pick([0, 30_000, 10 * MINUTE, -10 * MINUTE, 90 * 24 * HOUR, -90 * 24 * HOUR]);
      // No date is reached by a jump, so it gives no cause for a token.
      replica.wake(10);
    },
  },
  {
    name: "restart",
    weight: 2,
    run(world) {
      world.stack?.interrupt();
      if (world.replicas.length > 0) world.random.pick(world.replicas).die("by order");
    },
  },
];

const TOTAL = ACTS.reduce((sum, { weight }) => sum + weight, 0);

export function act(world: World): void {
  let left = world.random.int(TOTAL);
  for (const candidate of ACTS) {
    left -= candidate.weight;
    if (left >= 0) continue;
    if (!isPossible(world, candidate.name)) return;
    world.coverage.meet("act", candidate.name);
    world.tell(() => `PERSON ${candidate.name}`);
    world.keepBackup();
    candidate.run(world);
    return;
  }
}
