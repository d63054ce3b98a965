// One `pulumi up` of the program that holds the resource: the real handler's scene and loop over the real state target.
// Only what the engine saved counts: a process that dies before that leaves the state as it was.
import { LifecycleError } from "../../core/error.ts";
import { encodeRecord, type Record } from "../../core/record.ts";
import { SecretValue } from "../../core/secret-value.ts";
import { carryOut, sceneOf, type View } from "../../provider/scene.ts";
import type { StateTarget } from "../../provider/state-target.ts";
import type { IssuerSession } from "../../tokenapi/issuer.ts";
import type { Target } from "../../tokenapi/target.ts";
import { onDeliver, onRecord, remembers } from "./law-delivery.ts";
import { onRelease } from "./law-end.ts";
import { onPlan, onView } from "./law-word.ts";
import { Process } from "./process.ts";
import { readRecord } from "./reading.ts";
import type { DeclaringObject, World } from "./world.ts";

/** The others of the stack are looked at in the same up. */
const IN_ONE_UP = 0.9;

type Opened = Parameters<typeof sceneOf>[0];

export class Up extends Process {
  #target: StateTarget | null = null;
  readonly #over: (well: boolean) => void;

  constructor(world: World, name: string, over: (well: boolean) => void) {
    super(world, name, world.lastDesired);
    this.#over = over;
  }

  override get record(): Record | null {
    return this.#target ? this.#target.record : super.record;
  }

  protected override ended(): void {
    this.busy = false;
    this.#over(false);
  }

  /** Nobody takes over: the stack is locked. */
  protected override stood(): void {}

  begin(): void {
    const { world } = this;
    const { object } = world;
    const desired = world.desired();
    if (!object || !desired) return this.#over(true);
    if (object.deleting && world.secret.current === null) return this.#forgotten();
    this.busy = true;
    this.uid = object.uid;
    this.planned = world.secret.current;
    this.basis = world.secret.version;
    this.lookedAt = world.time.now;
    const record = readRecord(world.secret.current?.record);
    // As the front does: once a revision is recorded, only newer tokens are of this life.
    this.desired = { ...desired, since: record && record.revisions.length > 0 ? Number.MAX_SAFE_INTEGER : 0 };
    world.working++;
    const over = (well: boolean): void => {
      world.working--;
      this.busy = false;
      this.#over(well);
    };
    this.#work(object).then(over, (error: unknown) => {
      over(false);
      if (error instanceof LifecycleError) world.tell(() => `  ${this.name} fails: ${error.message}`);
      else world.broken("never throws", error instanceof Error ? (error.stack ?? error.message) : String(error));
    });
  }

  /** What the state does not hold is no resource that could be deleted. */
  #forgotten(): void {
    for (const token of this.world.tokens()) this.world.orphans.add(token);
    this.world.vanish();
    this.#over(true);
  }

  async #work(object: DeclaringObject): Promise<boolean> {
    const { world, desired } = this;
    // What stays as it is needs no API.
    if (desired.deleting && desired.deletionPolicy === "Orphan") return this.#gone(object);
    const issuer = await this.open(object.spec.issuerRef, 0);
    if (!issuer) throw new LifecycleError("retryable", "NO_ISSUER", "There is no token API to ask.");
    const list = issuer.tokens(desired.kind === "ServiceToken" ? "service" : "personal");
    await list.refresh(0);
    if (this.siteAt(object.spec.issuerRef) === "home") world.neighbours.look(this, list, IN_ONE_UP);
    const view = await this.#run(issuer);
    const { plan, error, isEnough } = view;
    onView(this, plan, this.#target?.token?.reveal() ?? null);
    if (desired.deleting) return error === null && plan.check === "deletion-released" && this.#gone(object);
    await this.#save(object);
    world.tell(() => `  ${this.name} ends: ${error?.code ?? plan.message}`);
    return isEnough || (error === null && plan.outcome !== "stall");
  }

  #run(issuer: IssuerSession): Promise<View> {
    const { world, desired } = this;
    const { current } = world.secret;
    const token = current?.value ? new SecretValue(current.value) : null;
    const scene = sceneOf({ issuer } as Opened, desired, { token, record: readRecord(current?.record) }, desired.ownerName === null ? null : { name: desired.ownerName });
    this.#target = scene.target;
    this.memory = scene.at.memory;
    const at = { ...scene.at, policy: world.policy, target: this.#watched(scene.target), traced: (plan: View["plan"]) => onPlan(this, plan) };
    return carryOut({ ...scene, at }, () => undefined);
  }

  /** The real target, with the judge beside it. */
  #watched(target: StateTarget): Target {
    return {
      known: () => {
        this.lookedAt = this.world.time.now;
        return target.known();
      },
      value: (sha256) => target.value(sha256),
      read: () => target.read(),
      hold: () => target.hold(),
      release: () => target.release(),
      probe: () => target.probe(),
      remove: () => target.remove(),
      disown: () => target.disown(),
      write: async (writing) => {
        const before = target.record;
        const copy = await target.write(writing);
        onRecord(this, before, writing.record);
        if (writing.value instanceof SecretValue) onDeliver(this, writing.value.reveal());
        return copy;
      },
    };
  }

  /** What the handler returned becomes the state; a create that delivered nothing leaves none. */
  async #save(object: DeclaringObject): Promise<void> {
    const { world } = this;
    const target = this.#target;
    if (!target?.changed || !target.record || (world.secret.current === null && target.record.current === null)) return;
    await this.park("save", 5, 5_000);
    const value = target.token?.reveal() ?? null;
    const token = value === null ? null : world.ledger.ofValue(value);
    if (token) token.deliveredAt ??= world.time.now;
    world.tell(() => `  ${this.name} saves r${target.record?.current ?? 0}`);
    remembers(world, target.record);
    world.secret.put({ value, record: encodeRecord(target.record), owner: object.uid, look: "", ownAlone: true });
  }

  async #gone(object: DeclaringObject): Promise<boolean> {
    const { world } = this;
    await this.park("save", 5, 5_000);
    if (world.object !== object) return true;
    onRelease(this);
    world.tell(() => `  ${this.name} removes the resource from the state`);
    world.secret.remove();
    world.vanish();
    return true;
  }
}
