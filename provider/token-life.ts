// What is done with a token in each of Pulumi's operations: thin. The engine (core/) decides, the state takes what is
// delivered; here stands only what Pulumi has to be told, and in which words. Both shells stand on it: the dynamic
// provider (token-handlers.ts) and the plugin (plugin/).
import { findNeed } from "../core/checks/need.ts";
import type { Desired } from "../core/desired.ts";
import { isKind, type LifecycleError } from "../core/error.ts";
import type { EventText } from "../core/hit.ts";
import type { Reason } from "../core/reason.ts";
import { isOver } from "../core/situation.ts";
import { isChanged, kept, ownerLast, wanted, wantedLast, type Outputs, type Subject } from "./desired.ts";
import { AGAIN, DELETED_AGAIN, ONCE_CHANGED, PartialFailure, ProviderError, sentence, told, unbegun } from "./failure.ts";
import type { Inputs } from "./inputs.ts";
import { journal, type Journal } from "./journal.ts";
import { urnOf } from "./mark.ts";
import { isNamed } from "./name-check.ts";
import { Outlook } from "./outlook.ts";
import { outputsOf } from "./outputs.ts";
import { carryOut, foresee, sceneOf, type Scene, type View } from "./scene.ts";
import { explained, looking, session, type Session } from "./session.ts";
import { stored, type Stored } from "./state-target.ts";
import { hasUnknown } from "./unknown.ts";

/** What an update would do; a shell that can say no more than whether it changes anything says that. */
export interface Difference {
  readonly changes: boolean;
  /** The value that consumers read will be another one. */
  readonly rotates: boolean;
}

/** Whether the work that is due ends with another value in the outputs. */
const rotates = ({ plan, situation }: View): boolean => plan.outcome === "act" && findNeed(situation) !== null;

/** A process serves one operation. */
const outlook = new Outlook();
/** What was said to be due, by marks: it is not said again when it is begun. */
const announced = new Map<string, string>();

export async function diff(of: Subject, olds: Outputs, news: Inputs): Promise<Difference> {
  const log = journal(news["self"]);
  if (hasUnknown(news)) return { changes: true, rotates: true };
  const changed = isChanged(olds, news);
  const view = await look(of, news, stored(olds, of.mark)).catch((error: unknown) => {
    if (isKind(error, "retryable")) return error;
    throw unbegun(error);
  });
  if (!("plan" in view)) return unseen(view, changed, log);
  const { plan, error } = view;
  const { resource } = view.situation.desired;
  if (plan.reason === "CredentialDenied" || plan.reason === "IssuerChanged") throw new ProviderError(told(plan.message, [], ONCE_CHANGED));
  if (error) return unseen(error, changed, log);
  if (plan.outcome === "rest") {
    const line = changed ? null : outlook.line(resource, plan.nextAction);
    if (line !== null) await journal(null).info(line);
    return { changes: changed, rotates: false };
  }
  const isBlocked = plan.outcome === "stall" && plan.check !== "external-reported";
  if (plan.outcome === "act") announced.set(of.mark, `${resource}: ${plan.message}`);
  // In a refresh nobody knows which resource it is that is asked about: it is said there.
  const whose = urnOf(news["self"]) === null ? `${resource}: ` : "";
  await (plan.outcome === "act" ? log.info(`${whose}Due now: ${plan.message}`) : log.warn(`${whose}${plan.message}`));
  return { changes: changed || plan.outcome === "act" || isBlocked, rotates: rotates(view) };
}

/** Nothing follows from silence; and a stack is not held up by a token API that is away, as long as nothing was changed. */
async function unseen(error: LifecycleError, changed: boolean, log: Journal): Promise<Difference> {
  await log.warn(`Whether anything is due could not be seen: ${error.message}`);
  return { changes: changed, rotates: changed };
}

export async function look(of: Subject, inputs: Inputs, memory: Stored): Promise<View> {
  const opened = await opening(of);
  return foresee(sceneOf(opened, wanted(of, inputs, memory.record), memory, inputs["serviceUser"]));
}

/** The one list of this process; what keeps it from being read is said as it is. */
async function list({ issuer, credentials }: Session, kind: Desired["kind"]): Promise<void> {
  try {
    await issuer.tokens(kind === "ServiceToken" ? "service" : "personal").refresh(0);
  } catch (error) {
    throw explained(error, credentials);
  }
}

/** What depends on the value, and on when it was issued. */
const OF_THE_VALUE = ["token", "tokenId", "tokenName", "revision", "expiresAt", "renewAt", "usage"] as const;

export interface Foretold {
  /** What will be in the outputs, as far as it is known. */
  readonly outputs: Outputs;
  /** The names of outputs that nobody knows yet. */
  readonly unknown: readonly string[];
}

/** What the outputs will be, for a shell that can show it in a preview. `olds`: null for a create. */
export async function foretold(of: Subject, olds: Outputs | null, news: Inputs): Promise<Foretold> {
  const own = { ...kept(news), state: news["state"] ?? "Active" };
  const always = ["nextAction", "retiring", "record"];
  if (olds === null) return { outputs: own, unknown: [...OF_THE_VALUE, ...always] };
  const view = hasUnknown(news) ? null : await look(of, news, stored(olds, of.mark));
  if (view === null || rotates(view)) return { outputs: own, unknown: [...OF_THE_VALUE, ...always] };
  const stays = Object.fromEntries([...OF_THE_VALUE, "lastUsedAt"].flatMap((name) => (olds[name] === undefined ? [] : [[name, olds[name]]])));
  // The rotation's dates are the inputs' business.
  const { renewAt: _, ...others } = stays;
  return { outputs: { ...others, ...own }, unknown: ["renewAt", ...always] };
}

export async function create(of: Subject, inputs: Inputs): Promise<{ id: string; outs: Outputs }> {
  const scene = await begin(of, inputs, { token: null, record: null });
  const log = journal(inputs["self"]);
  const [view, done] = await work(scene, unlessPlain(log));
  await nameStrangers(view, log);
  const outs = outputsOf({ situation: view.situation, target: scene.target, next: view.plan.nextAction, inputs });
  const trouble = troubleOf(view, done);
  if (trouble === null) return { id: of.mark, outs };
  // Nothing was delivered: what may have been issued is found by the next create, by its mark.
  if (scene.target.record?.current === undefined || scene.target.record.current === null) throw new ProviderError(trouble);
  throw new PartialFailure(of.mark, outs, trouble);
}

export async function update(of: Subject, olds: Outputs, news: Inputs): Promise<{ outs: Outputs }> {
  const scene = await begin(of, news, stored(olds, of.mark));
  const [view, done] = await work(scene, unlessAnnounced(journal(news["self"]), announced.get(of.mark)));
  const outs = outputsOf({ situation: view.situation, target: scene.target, next: view.plan.nextAction, inputs: news });
  const trouble = troubleOf(view, done);
  if (trouble === null) return { outs };
  throw scene.target.changed ? new PartialFailure(of.mark, outs, trouble) : new ProviderError(trouble);
}

export async function read(of: Subject, outputs: Outputs): Promise<{ id: string; props: Outputs }> {
  const { record } = stored(outputs, of.mark);
  const opened = await opening(of).catch((error: unknown) => {
    throw new ProviderError(sentence(error), { cause: error });
  });
  const scene = sceneOf(opened, wantedLast(of, outputs, record), stored(outputs, of.mark), ownerLast(outputs, record));
  const { plan, situation, error } = await foresee(scene);
  if (error) throw new ProviderError(error.message);
  // A token that is gone is no missing resource: the next update issues its successor in place.
  return { id: of.mark, props: outputsOf({ situation, target: scene.target, next: plan.nextAction, inputs: outputs }) };
}

/** Where a deletion cannot reach what it is to end: the program, which could consent to more, has no such resource any more. */
const LEFT_ALONE: { readonly [reason in Reason]?: string } = {
  IssuerChanged: ' Where the resource is out of the program, "pulumi state delete" lets it go, and its tokens stay as they are.',
  IdentityChanged: ' Where the resource is out of the program, "pulumi state delete" lets it go, and its tokens stay as they are.',
};

export async function remove(of: Subject, outputs: Outputs): Promise<void> {
  const memory = stored(outputs, of.mark);
  const desired = { ...wantedLast(of, outputs, memory.record), deleting: true };
  // What stays as it is needs no API, and no credential.
  if (desired.deletionPolicy === "Orphan") return;
  const opened = await opening(of).catch((error: unknown) => {
    throw unbegun(error, DELETED_AGAIN);
  });
  const done: string[] = [];
  const view = await carryOut(sceneOf(opened, desired, memory, ownerLast(outputs, memory.record)), ({ message }) => done.push(message));
  const { plan, error } = view;
  if (error || plan.check !== "deletion-released") throw new ProviderError(told(`${error?.message ?? plan.message}${LEFT_ALONE[plan.reason] ?? ""}`, done, DELETED_AGAIN));
}

async function begin(of: Subject, inputs: Inputs, memory: Stored): Promise<Scene> {
  try {
    return sceneOf(await opening(of), wanted(of, inputs, memory.record), memory, inputs["serviceUser"]);
  } catch (error) {
    throw unbegun(error);
  }
}

/** The session, with the list that every decision needs. */
function opening({ kind }: Subject): Promise<Session> {
  return looking(session().then(async (opened) => {
    await list(opened, kind);
    return opened;
  }));
}

/** What came of it, and what was done, in words. */
async function work(scene: Scene, log: Journal): Promise<[View, readonly string[]]> {
  const said: Promise<void>[] = [];
  const done: string[] = [];
  const view = await carryOut(scene, ({ type, message }: EventText) => {
    done.push(message);
    said.push(type === "Warning" ? log.warn(message) : log.info(message));
  });
  await Promise.all(said);
  if (comesByItself(view.plan)) await log.warn(view.plan.message);
  return [view, done];
}

const unlessAnnounced = (log: Journal, line: string | undefined): Journal => ({ ...log, info: async (message) => (message === line ? undefined : log.info(message)) });

/** That a new resource's token was issued is what "created" says: a line for each of hundreds would hide what matters. */
function unlessPlain(log: Journal): Journal {
  let [first, count] = ["", 0];
  return {
    ...log,
    async info(message) {
      count++;
      if (count === 1) first = message;
      // More than that happened: all of it is said, in its order.
      else await Promise.all([...(count === 2 ? [first] : []), message].map(log.info));
    },
  };
}

/** A rotation waits for what a later `up` will find: nothing failed. */
const comesByItself = ({ outcome, reason }: View["plan"]): boolean => outcome === "wait" && (reason === "AwaitingRetirement" || reason === "OutsideWindow");

/** Why not all that was asked for is done; null: it is, or it comes by itself. */
function troubleOf(view: View, done: readonly string[]): string | null {
  const { plan, error, isEnough } = view;
  if (error) return failed(error.message, view, done);
  if (isEnough || plan.outcome === "rest" || comesByItself(plan) || plan.check === "external-reported") return null;
  return failed(plan.message, view, done);
}

const failed = (trouble: string, { plan, error }: View, done: readonly string[]): string => told(trouble, done, nextUp(plan, error));

function nextUp({ outcome, message }: View["plan"], error: LifecycleError | null): string {
  if (outcome === "act") return `The next pulumi up goes on: ${message}`;
  return outcome === "stall" && !error ? ONCE_CHANGED : AGAIN;
}

/** Tokens that bear the new resource's mark and are not its own, as far as check has not named them: an earlier life's, or another stack's. */
async function nameStrangers({ situation: { tokens, record, apiNow } }: View, log: Journal): Promise<void> {
  const own = new Set(record?.revisions.map(({ id }) => id));
  for (const token of tokens?.tokens ?? []) {
    if (own.has(token.id) || isNamed(token.id) || !token.active || isOver(token, apiNow)) continue;
    await log.warn(`The token ${token.name} (id ${token.id}) bears the mark of this resource and was here before it: it is left alone. Revoke it if nobody needs it.`);
  }
}
