// The only place where a planned action becomes a call. Decides nothing: what an answer means for the life of
// a token is seen at the next look. A conflict or a missing token makes the next look a fresh one.
import { createHash } from "node:crypto";
import type { Action, At, TokenRef } from "../core/action.ts";
import type { Desired } from "../core/desired.ts";
import { isKind, LifecycleError } from "../core/error.ts";
import { absent, type Fact, type Rollout } from "../core/observed.ts";
import { issuerId } from "../core/home.ts";
import { deliveredLater } from "../core/recording.ts";
import type { IssuerSession } from "./issuer.ts";
import type { Memory } from "./memory.ts";
import { listOf, placesOf, type Reach } from "./places.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Target, Writing } from "./target.ts";
import type { RestartedFor, Workloads } from "./workloads.ts";

export interface Scene {
  readonly desired: Desired;
  readonly issuer: IssuerSession | null;
  /** The issuers that a record names, by its names for them; see places.ts. */
  readonly elsewhere?: (ref: string) => Reach;
  readonly target: Target;
  readonly memory: Memory;
  /** What is restarted for a new revision; left out: nothing. */
  readonly workloads?: Workloads;
  /** Throws where this process may not write any more (leadership lost). */
  readonly guard?: () => void;
}

/** False: it was refused, or somebody was quicker. Nothing may be said to have been done; the next look tells what is. */
type Effect = void | false;

/** Does one action. Throws LifecycleError where the caller should come back later. */
export async function execute(action: Action, scene: Scene): Promise<Effect> {
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
      return change(scene, action, "revoke");
    case "Restore":
      return change(scene, action, "restore");
    case "Delete":
      return erase(scene, action);
    default:
      return place(action, scene);
  }
}

type Placing = Exclude<Action, { do: "Look" | "Issue" | "Verify" | "Try" | "Drop" | "Revoke" | "Restore" | "Delete" }>;

/** The actions on the place of delivery and the declaring object. */
async function place(action: Placing, scene: Scene): Promise<Effect> {
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
      return restart(action, scene);
  }
}

function session(scene: Scene, { former }: At = {}): IssuerSession {
  const places = placesOf(scene);
  const issuer = (former ? places.former : places.home)?.issuer ?? null;
  if (!issuer) throw new LifecycleError("retryable", "ISSUER_NOT_READY", "The issuer is not ready.");
  return issuer;
}

const snapshot = (scene: Scene, at: At = {}): Snapshot => listOf(session(scene, at), scene.desired);

/** Whichever session there is: all of them tell one time. */
const steady = (scene: Scene): number => (placesOf(scene).home.issuer ?? scene.issuer)?.clock.monotonic() ?? 0;

/** Only a later list of that issuer tells what became of it. */
function doubt({ memory }: Scene, issuer: IssuerSession): number {
  const at = issuer.clock.monotonic();
  memory.uncertain.set(issuerId(issuer), at);
  return at;
}

async function look(action: Action & { do: "Look" }, scene: Scene): Promise<void> {
  if (action.at === "copy") {
    await scene.target.read();
    return;
  }
  if (action.at === "rollout") return roll(scene, (workloads) => workloads.look(delivered(scene)));
  const { clock, users } = session(scene, action);
  const early = action.after - clock.monotonic();
  if (early > 0) await clock.sleep(early);
  await (action.at === "tokens" ? snapshot(scene, action).refresh(action.after) : users.refresh(action.after));
}

function delivered({ target }: Scene): RestartedFor {
  const { current = null, revisions = [] } = target.known()?.record ?? {};
  return { revision: current ?? 0, created: revisions.find(({ number }) => number === current)?.created ?? 0 };
}

/** What fails there is a fact like any other: it keeps nothing else from being done. */
async function roll(scene: Scene, work: (workloads: Workloads) => Promise<Fact<Rollout>>): Promise<void> {
  const { memory, workloads } = scene;
  memory.rollout = workloads ? await work(workloads) : absent("There is nothing to restart here.");
  memory.rolloutAt = steady(scene);
}

async function restart(action: Action & { do: "Restart" }, scene: Scene): Promise<Effect> {
  await roll(scene, (workloads) => workloads.restart(action));
  if (scene.memory.rollout?.is === "unknown") return false;
}

async function probe(scene: Scene): Promise<void> {
  const said = await scene.target.probe();
  if (said === true) scene.memory.refusals = 0;
  note(scene.memory, said, steady(scene));
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

async function issue(action: Action & { do: "Issue" }, scene: Scene): Promise<Effect> {
  const issuer = session(scene);
  const { api, clock } = issuer;
  const { memory, desired } = scene;
  const { ref } = placesOf(scene);
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
      issuer: { url: issuer.url, userId: issuer.userId, ...(ref === undefined ? {} : { ref }) },
      inputs: action.inputs,
      verified: false,
      usedAfter: token.created + covering(clock.monotonic() - sentAt),
      // Another process took its predecessor for lost: a new token does not begin to count anew.
      failures: memory.failed?.spec === specOf(desired) ? memory.failed.failures : 0,
      failure: null,
    };
  } catch (error) {
    if (isKind(error, "uncertain", "conflict")) doubt(scene, issuer);
    if (!isKind(error, "conflict")) throw error;
    memory.taken = Math.max(memory.taken, action.number);
    return false;
  }
}

async function verify(scene: Scene): Promise<void> {
  const { memory } = scene;
  const issuer = session(scene);
  const { api, clock, users } = issuer;
  if (!memory.hand || !memory.value) return;
  const { hand } = memory;
  const answer = await api.verify(memory.value, hand.inputs.scim);
  // The list shows our own use: what comes later than this is a consumer's.
  const usedAfter = hand.created + covering(clock.monotonic() - memory.issuedAt);
  if (answer.is === "good") {
    memory.hand = { ...hand, verified: true, usedAfter };
    memory.failed = null;
    return;
  }
  memory.hand = { ...hand, failures: hand.failures + 1, failure: answer.message, usedAfter };
  // Before it is held against the token: is it still there, and is its user?
  await users.refresh(doubt(scene, issuer)).catch(() => undefined);
  throw new LifecycleError("retryable", "VERIFICATION_FAILED", `The new token does not authenticate yet: ${answer.message}.`);
}

/** Tries the delivered value, and tells the list what that says of it. Whoever cannot try leaves it to the next one. */
async function attempt(action: Action & { do: "Try" }, scene: Scene): Promise<void> {
  const { api, clock } = session(scene, action);
  const list = snapshot(scene, action);
  const begun = clock.monotonic();
  const value = await scene.target.value(action.sha256);
  // Later than it was recorded for, our use would be taken for a consumer's.
  const isInTime = clock.monotonic() - begun <= action.within;
  const answer = value && isInTime ? await api.verify(value, action.scim) : null;
  if (answer === null || answer.is === "odd") {
    list.pass(scene.desired.mark);
    throw new LifecycleError("retryable", "UNTRIED", `Whether the token list tells the truth could not be tried: ${answer?.message ?? (isInTime ? "the value does not stand there" : "reading the value took too long")}.`);
  }
  list.settle(scene.desired.mark, answer.is === "refused");
}

async function deliver(action: Action & { do: "Deliver" }, scene: Scene): Promise<Effect> {
  const { memory } = scene;
  if (!memory.value) return false;
  const sentAt = steady(scene);
  if ((await write(scene, { record: action.record, value: memory.value })) === false) return false;
  memory.hand = null;
  memory.value = null;
  const elapsed = steady(scene) - sentAt;
  if (elapsed <= SLOW_DELIVERY) return;
  // The overlap starts when the value stood there, not when we set out to write it.
  await write(scene, { record: deliveredLater(action.record, elapsed), value: "keep" });
}

async function write(scene: Scene, writing: Writing): Promise<Effect> {
  try {
    await scene.target.write(writing);
  } catch (error) {
    if (isKind(error, "denied", "invalid")) return refuse(scene, writing, error);
    scene.memory.writable = null;
    if (!isKind(error, "conflict")) throw error;
    // Somebody wrote first: what stands there now decides what is next, and whether the value in memory is still good.
    await scene.target.read();
    const { issuer } = placesOf(scene).home;
    if (scene.memory.hand && issuer) doubt(scene, issuer);
    return false;
  }
}

/** Trying again would be refused again: the next plan says so, and what does not need the copy goes on. */
function refuse(scene: Scene, writing: Writing, error: LifecycleError): false {
  const { memory, desired } = scene;
  if (writing.value === "again" && error.code === "NOT_RENDERABLE") memory.unrenderable = desired.look;
  else note(memory, error.message, steady(scene));
  return false;
}

/** Another copy stands there now: what it is decides what is next. */
async function remove(scene: Scene): Promise<Effect> {
  try {
    await scene.target.remove();
  } catch (error) {
    if (isKind(error, "denied", "invalid")) return stuck(scene, error);
    if (!isKind(error, "conflict")) throw error;
    await scene.target.read();
    return false;
  }
}

async function disown(scene: Scene): Promise<Effect> {
  try {
    await scene.target.disown();
  } catch (error) {
    if (!isKind(error, "denied", "invalid")) throw error;
    return stuck(scene, error);
  }
}

/** What is refused now would be refused again: the next plan says so. */
function stuck(scene: Scene, error: LifecycleError): false {
  note(scene.memory, error.message, steady(scene));
  return false;
}

function drop(refused: string | null, scene: Scene): void {
  const { failures = 0 } = scene.memory.hand ?? {};
  scene.memory.failed = failures > 0 && refused === null ? { failures, spec: specOf(scene.desired) } : null;
  scene.memory.dropped = scene.memory.hand;
  scene.memory.hand = null;
  scene.memory.value = null;
  scene.memory.writable = null;
  if (refused !== null) scene.memory.refused = { message: refused, spec: specOf(scene.desired) };
}

/** What decides whether the next token would fail verification as well. */
export function specOf(desired: Desired): string {
  return JSON.stringify([desired.mark, desired.issuerRef, desired.base, desired.ownerName, desired.days, desired.scim, desired.rotate]);
}

type Ending = At & { readonly token: TokenRef };

async function change(scene: Scene, at: Ending, to: "revoke" | "restore"): Promise<Effect> {
  const issuer = session(scene, at);
  try {
    snapshot(scene, at).put(await issuer.api[to](at.token.id));
  } catch (error) {
    if (isKind(error, "missing", "uncertain", "conflict", "invalid")) doubt(scene, issuer);
    if (!isKind(error, "missing")) throw error;
    return false;
  }
}

async function erase(scene: Scene, at: Ending): Promise<Effect> {
  const issuer = session(scene, at);
  try {
    await issuer.api.delete(at.token.id);
    snapshot(scene, at).remove(at.token.id);
  } catch (error) {
    if (isKind(error, "missing", "uncertain", "conflict")) doubt(scene, issuer);
    if (!isKind(error, "missing", "conflict")) throw error;
    return false;
  }
}
