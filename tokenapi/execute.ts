// The only place where a planned action becomes a call. Decides nothing: what an answer means for the life of
// a token is seen at the next look. A conflict or a missing token makes the next look a fresh one.
import { createHash } from "node:crypto";
import type { Action, TokenRef } from "../core/action.ts";
import type { Desired } from "../core/desired.ts";
import { isKind, LifecycleError } from "../core/error.ts";
import { absent, type Fact, type Rollout } from "../core/observed.ts";
import { withEntry } from "../core/record.ts";
import type { IssuerSession } from "./issuer.ts";
import type { Memory } from "./memory.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Target, Writing } from "./target.ts";
import type { Workloads } from "./workloads.ts";

export interface Scene {
  readonly desired: Desired;
  readonly issuer: IssuerSession | null;
  readonly target: Target;
  readonly memory: Memory;
  /** What is restarted for a new revision; left out: nothing. */
  readonly workloads?: Workloads;
  /** Throws where this process may not write any more (leadership lost). */
  readonly guard?: () => void;
}

/** Does one action. Throws LifecycleError where the caller should come back later. */
export async function execute(action: Action, scene: Scene): Promise<void> {
  if (action.do !== "Look" && action.do !== "Drop") scene.guard?.();
  switch (action.do) {
    case "Look":
      return look(action, scene);
    case "Issue":
      return issue(action, scene);
    case "Verify":
      return verify(scene);
    case "Try":
      return attempt(action, scene);
    case "Drop":
      return drop(action.refused, scene);
    case "Revoke":
      return change(scene, action.token, "revoke");
    case "Restore":
      return change(scene, action.token, "restore");
    case "Delete":
      return erase(scene, action.token);
    default:
      return place(action, scene);
  }
}

type Placing = Exclude<Action, { do: "Look" | "Issue" | "Verify" | "Try" | "Drop" | "Revoke" | "Restore" | "Delete" }>;

/** The actions on the place of delivery and the declaring object. */
async function place(action: Placing, scene: Scene): Promise<void> {
  switch (action.do) {
    case "Hold":
      return scene.target.hold();
    case "Release":
      return scene.target.release();
    case "Probe":
      return probe(scene);
    case "Deliver":
      return deliver(action, scene);
    case "Fence":
    case "Record":
      return write(scene, { record: action.record, value: "keep" });
    case "Redeliver":
      return write(scene, { record: action.record, value: "again" });
    case "Remove":
      return remove(scene);
    case "Disown":
      return disown(scene);
    case "Restart":
      return roll(scene, (workloads) => workloads.restart(action.revision));
  }
}

function session(scene: Scene): IssuerSession {
  if (!scene.issuer) throw new LifecycleError("retryable", "ISSUER_NOT_READY", "The issuer is not ready.");
  return scene.issuer;
}

function snapshot(scene: Scene): Snapshot {
  return session(scene).tokens(scene.desired.kind === "ServiceToken" ? "service" : "personal");
}

async function look(action: Action & { do: "Look" }, scene: Scene): Promise<void> {
  if (action.at === "copy") {
    await scene.target.read();
    return;
  }
  if (action.at === "rollout") return roll(scene, (workloads) => workloads.look(scene.target.known()?.record?.current ?? 0));
  const { clock, users } = session(scene);
  const early = action.after - clock.monotonic();
  if (early > 0) await clock.sleep(early);
  await (action.at === "tokens" ? snapshot(scene).refresh(action.after) : users.refresh(action.after));
}

/** What fails there is a fact like any other: it keeps nothing else from being done. */
async function roll({ memory, workloads, issuer }: Scene, work: (workloads: Workloads) => Promise<Fact<Rollout>>): Promise<void> {
  memory.rollout = workloads ? await work(workloads) : absent("There is nothing to restart here.");
  memory.rolloutAt = issuer?.clock.monotonic() ?? 0;
}

async function probe(scene: Scene): Promise<void> {
  const { clock } = session(scene);
  const said = await scene.target.probe();
  if (said === true) scene.memory.refusals = 0;
  note(scene.memory, said, clock.monotonic());
}

function note(memory: Memory, said: true | string, at: number): void {
  memory.writable = said;
  memory.writableAt = at;
  if (said !== true) memory.refusals++;
}

/** A delivery that took longer is dated anew. */
const SLOW_DELIVERY = 2_000;

/** Whole seconds that cover `elapsed` milliseconds and one more: the API's times are cut to seconds. */
const covering = (elapsed: number): number => Math.ceil(elapsed / 1_000) * 1_000 + 1_000;

async function issue(action: Action & { do: "Issue" }, scene: Scene): Promise<void> {
  const { api, clock } = session(scene);
  const { memory, desired } = scene;
  const sentAt = clock.monotonic();
  try {
    const { token, value } = await api.issue({
      name: action.name,
      expiresInDays: action.inputs.days,
      scimEndpointsOnly: action.inputs.scim,
      userId: desired.kind === "ServiceToken" ? action.inputs.owner : null,
    });
    snapshot(scene).put(token);
    memory.value = value;
    memory.issuedAt = sentAt;
    memory.hand = {
      number: action.number,
      id: token.id,
      name: token.name,
      created: token.created,
      expires: token.expires,
      sha256: createHash("sha256").update(value.reveal()).digest("hex"),
      inputs: action.inputs,
      verified: false,
      usedAfter: token.created + covering(clock.monotonic() - sentAt),
      failures: 0,
      failure: null,
    };
  } catch (error) {
    if (isKind(error, "uncertain", "conflict")) memory.uncertainAt = clock.monotonic();
    if (!isKind(error, "conflict")) throw error;
    memory.taken = Math.max(memory.taken, action.number);
  }
}

async function verify(scene: Scene): Promise<void> {
  const { memory } = scene;
  const { api, clock, users } = session(scene);
  if (!memory.hand || !memory.value) return;
  const { hand } = memory;
  const answer = await api.verify(memory.value, hand.inputs.scim);
  // The list shows our own use: what comes later than this is a consumer's.
  const usedAfter = hand.created + covering(clock.monotonic() - memory.issuedAt);
  if (answer.is === "good") {
    memory.hand = { ...hand, verified: true, usedAfter };
    return;
  }
  memory.hand = { ...hand, failures: hand.failures + 1, failure: answer.message, usedAfter };
  // Before it is held against the token: is it still there, and is its user?
  memory.uncertainAt = clock.monotonic();
  await users.refresh(memory.uncertainAt).catch(() => undefined);
  throw new LifecycleError("retryable", "VERIFICATION_FAILED", `The new token does not authenticate yet: ${answer.message}.`);
}

/** Tries the delivered value, and tells the list what that says of it. Whoever cannot try leaves it to the next one. */
async function attempt(action: Action & { do: "Try" }, scene: Scene): Promise<void> {
  const { api } = session(scene);
  const list = snapshot(scene);
  const value = await scene.target.value(action.sha256);
  const answer = value ? await api.verify(value, action.scim) : null;
  if (answer === null || answer.is === "odd") {
    list.pass();
    throw new LifecycleError("retryable", "UNTRIED", `Whether the token list tells the truth could not be tried: ${answer?.message ?? "the value does not stand there"}.`);
  }
  list.settle(answer.is === "refused");
}

async function deliver(action: Action & { do: "Deliver" }, scene: Scene): Promise<void> {
  const { memory, issuer } = scene;
  if (!memory.value) return;
  const sentAt = issuer?.clock.monotonic() ?? 0;
  let done = false;
  await write(scene, { record: action.record, value: memory.value }, () => {
    memory.hand = null;
    memory.value = null;
    done = true;
  });
  const elapsed = (issuer?.clock.monotonic() ?? 0) - sentAt;
  if (!done || elapsed <= SLOW_DELIVERY) return;
  // The overlap starts when the value stood there, not when we set out to write it.
  const { record } = action;
  const later = record.current === null ? record : withEntry(record, record.current, (entry) => ({ ...entry, deliveredAt: (entry.deliveredAt ?? 0) + elapsed }));
  await write(scene, { record: later, value: "keep" });
}

async function write(scene: Scene, writing: Writing, done: () => void = () => undefined): Promise<void> {
  try {
    await scene.target.write(writing);
  } catch (error) {
    if (isKind(error, "denied", "invalid")) return refuse(scene, writing, error);
    scene.memory.writable = null;
    if (!isKind(error, "conflict")) throw error;
    // Somebody wrote first: what stands there now decides what is next, and whether the value in memory is still good.
    await scene.target.read();
    if (scene.memory.hand && scene.issuer) scene.memory.uncertainAt = scene.issuer.clock.monotonic();
    return;
  }
  done();
}

/** Trying again would be refused again: the next plan says so, and what does not need the copy goes on. */
function refuse({ memory, desired, issuer }: Scene, writing: Writing, error: LifecycleError): void {
  if (writing.value === "again" && error.code === "NOT_RENDERABLE") {
    memory.unrenderable = desired.look;
    return;
  }
  note(memory, error.message, issuer?.clock.monotonic() ?? 0);
}

/** Another copy stands there now: what it is decides what is next. */
async function remove(scene: Scene): Promise<void> {
  try {
    await scene.target.remove();
  } catch (error) {
    if (isKind(error, "denied", "invalid")) return stuck(scene, error);
    if (!isKind(error, "conflict")) throw error;
    await scene.target.read();
  }
}

async function disown(scene: Scene): Promise<void> {
  try {
    await scene.target.disown();
  } catch (error) {
    if (!isKind(error, "denied", "invalid")) throw error;
    stuck(scene, error);
  }
}

/** What is refused now would be refused again: the next plan says so. */
function stuck({ memory, issuer }: Scene, error: LifecycleError): void {
  note(memory, error.message, issuer?.clock.monotonic() ?? 0);
}

function drop(refused: string | null, scene: Scene): void {
  scene.memory.hand = null;
  scene.memory.value = null;
  scene.memory.writable = null;
  if (refused !== null) scene.memory.refused = { message: refused, spec: specOf(scene.desired) };
}

/** What decides whether the next token would fail verification as well. */
export function specOf(desired: Desired): string {
  return JSON.stringify([desired.mark, desired.base, desired.ownerName, desired.days, desired.scim, desired.rotate]);
}

async function change(scene: Scene, token: TokenRef, to: "revoke" | "restore"): Promise<void> {
  const { api, clock } = session(scene);
  try {
    snapshot(scene).put(await api[to](token.id));
  } catch (error) {
    if (isKind(error, "missing", "uncertain", "conflict", "invalid")) scene.memory.uncertainAt = clock.monotonic();
    if (!isKind(error, "missing")) throw error;
  }
}

async function erase(scene: Scene, token: TokenRef): Promise<void> {
  const { api, clock } = session(scene);
  try {
    await api.delete(token.id);
    snapshot(scene).remove(token.id);
  } catch (error) {
    if (isKind(error, "missing", "uncertain", "conflict")) scene.memory.uncertainAt = clock.monotonic();
    if (!isKind(error, "missing", "conflict")) throw error;
  }
}
