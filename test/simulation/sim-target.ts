// The place of delivery through one process's eyes: a cache that lags, reads and conditional writes that can fail.
import { createHash } from "node:crypto";
import { LifecycleError } from "../../core/error.ts";
import type { Copy } from "../../core/observed.ts";
import { encodeRecord } from "../../core/record.ts";
import { SecretValue } from "../../core/secret-value.ts";
import type { Target, Writing } from "../../tokenapi/target.ts";
import { onRemove, onWrite } from "./law-delivery.ts";
import { onRelease } from "./law-end.ts";
import { onDelivered, onRecorded } from "./misfortune.ts";
import { readRecord } from "./reading.ts";
import type { Replica } from "./replica.ts";
import type { DeclaringObject } from "./world.ts";
import type { Version } from "./secret.ts";

/** A look that a value which stands in the copy cannot be written in. */
export const STUBBORN = "look-2";

const digests = new Map<string, string>();
function digest(value: string): string {
  let known = digests.get(value);
  if (known === undefined) digests.set(value, (known = createHash("sha256").update(value).digest("hex")));
  return known;
}

export class SimTarget implements Target {
  readonly #of: Replica;
  readonly #object: DeclaringObject;
  #copy: Copy;

  constructor(of: Replica, object: DeclaringObject) {
    this.#of = of;
    this.#object = object;
    const { cache } = of;
    this.#of.basis = cache.resourceVersion;
    this.#copy = this.#judge(cache.version, 0, cache.at, cache.read === cache.resourceVersion);
  }

  known(): Copy | null {
    const { world, cache } = this.#of;
    if (world.secret.unreadable || !cache.synced) return null;
    this.#of.lookedAt = world.time.now;
    return this.#copy;
  }

  async #call<T>(name: string, effect: () => T): Promise<T> {
    const { world } = this.#of;
    this.#of.answer = null;
    await this.#of.park(name, 2, 100);
    const bad = world.mishap(world.profile.fault / 2) ? world.random.pick(["before", "after", "503"]) : "none";
    if (bad !== "none") {
      world.coverage.meet("fault", `secret-${bad}`);
      world.tell(() => `  ${this.#of.name} ${name}: ${bad}`);
    }
    if (bad === "before" || bad === "503") throw new LifecycleError("retryable", "APISERVER", `${name} failed`);
    const result = effect();
    this.#of.answer = result;
    await this.#of.park(name, 2, bad === "after" ? 5_000 : 100);
    if (bad === "after") throw new LifecycleError("uncertain", "APISERVER", `${name} got no answer`);
    return result;
  }

  async read(): Promise<Copy> {
    const { world, clock, cache } = this.#of;
    const sentAt = clock.monotonic();
    this.#of.lookedAt = world.time.now;
    const [version, resourceVersion] = await this.#call("read-secret", () => {
      if (world.secret.unreadable) throw new LifecycleError("denied", "FORBIDDEN", "The delivered copy may not be read.");
      return [world.secret.current, world.secret.version] as const;
    });
    cache.learn(version, resourceVersion, clock.monotonic());
    cache.read = resourceVersion;
    this.#of.basis = resourceVersion;
    this.#copy = this.#judge(version, sentAt, clock.monotonic(), true);
    return this.#copy;
  }

  /** The plain value, where it stands. */
  value(sha256: string): Promise<SecretValue | null> {
    return this.#call("read-secret", () => {
      const value = this.#of.world.secret.current?.value ?? null;
      return value !== null && digest(value) === sha256 ? new SecretValue(value) : null;
    });
  }

  hold(): Promise<void> {
    return this.#call("hold", () => {
      if (this.#of.world.object === this.#object) this.#object.held = true;
    });
  }

  release(): Promise<void> {
    return this.#call("release", () => {
      const { world } = this.#of;
      if (world.object !== this.#object) return;
      this.#object.held = false;
      if (!this.#object.deleting) return;
      onRelease(this.#of);
      world.vanish();
    });
  }

  probe(): Promise<true | string> {
    return this.#call("probe", () => this.#of.world.secret.refusal ?? true);
  }

  async write(writing: Writing): Promise<Copy> {
    const { world, clock, cache } = this.#of;
    const basis = this.#of.basis;
    const hadCopy = this.#of.planned !== null;
    const [version, resourceVersion] = await this.#call("write-secret", () => {
      const { current } = world.secret;
      if (world.secret.refusal !== null) throw new LifecycleError("denied", "REFUSED", world.secret.refusal);
      if (hadCopy ? current?.resourceVersion !== basis : current !== null) throw new LifecycleError("conflict", "CONFLICT", "somebody wrote first");
      if (writing.value === "again" && this.#of.desired.look === STUBBORN) throw new LifecycleError("invalid", "NOT_RENDERABLE", "The value cannot be written in that form.");
      // The object's owner reference to a uid that is gone would be collected at once.
      const value = typeof writing.value === "string" ? (current?.value ?? null) : writing.value.reveal();
      const look = writing.value === "keep" ? (current?.look ?? "") : this.#of.desired.look;
      const ownAlone = writing.value === "keep" ? (current?.ownAlone ?? true) : true;
      onWrite(this.#of, current, writing, value);
      onRecorded(world, readRecord(current?.record), writing.record);
      world.touchOther();
      const next = world.secret.put({ value, record: encodeRecord(writing.record), owner: this.#object.uid, look, ownAlone });
      onDelivered(world, writing, current);
      if (world.object !== this.#object) world.time.in(1_000, () => world.collect(this.#object.uid), () => `collect ${this.#object.uid}`);
      return [next, next.resourceVersion] as const;
    });
    cache.learn(version, resourceVersion, clock.monotonic());
    this.#of.basis = resourceVersion;
    this.#copy = this.#judge(version, clock.monotonic(), clock.monotonic(), false);
    return this.#copy;
  }

  async remove(): Promise<Copy> {
    const { world, clock, cache } = this.#of;
    const uid = this.#of.planned?.uid ?? null;
    const resourceVersion = await this.#call("remove-secret", () => {
      const { current } = world.secret;
      if (!current || uid === null) return world.secret.version;
      if (current.uid !== uid) throw new LifecycleError("conflict", "CONFLICT", "another Secret stands there");
      world.hurry();
      onRemove(this.#of, current);
      world.tell(() => `  ${this.#of.name} removed the Secret`);
      world.touchOther();
      world.secret.remove();
      return world.secret.version;
    });
    cache.learn(null, resourceVersion, clock.monotonic());
    this.#of.basis = resourceVersion;
    this.#copy = this.#judge(null, clock.monotonic(), clock.monotonic(), true);
    return this.#copy;
  }

  async disown(): Promise<void> {
    const { world } = this.#of;
    const basis = this.#of.basis;
    await this.#call("disown", () => {
      const { current } = world.secret;
      if (!current) return;
      if (current.resourceVersion !== basis) throw new LifecycleError("conflict", "CONFLICT", "somebody wrote first");
      world.touchOther();
      world.secret.put({ ...current, owner: null });
    });
    this.#copy = { ...this.#copy, place: "none", record: null };
  }

  #judge(version: Version | null, readAt: number, doneAt: number, read: boolean): Copy {
    this.#of.planned = version;
    this.#of.copyAt = { read: readAt, done: doneAt };
    const base = { readAt, doneAt, record: null, look: null, writable: null, exclusive: false } as const;
    if (!version) return { ...base, place: "none", value: "missing" };
    const record = readRecord(version.record);
    const ours = version.owner === this.#object.uid || (version.owner === null && record?.mark === this.#of.world.mark);
    if (!ours) return { ...base, place: "foreign", foreign: "A Secret of this name belongs to somebody else.", value: "missing" };
    const entry = record?.revisions.find(({ number }) => number === record.current);
    return { ...base, place: "ours", record, look: version.look, value: entry ? this.#value(version, entry.sha256, read) : "missing" };
  }

  #value(version: Version, sha256: string | null, read: boolean): Copy["value"] {
    if (!read) return version.ownAlone ? "intact" : "unread";
    if (version.value === null) return "missing";
    return digest(version.value) === sha256 ? "intact" : "changed";
  }
}
