// The handlers of a service user: thin. The engine (core/user/) decides what is done; here stands only what Pulumi
// has to be told, and in which words.
import { isKind, LifecycleError } from "../core/error.ts";
import { DEFAULT_ROLE, resolveUser, type DesiredUser, type UserSpec } from "../core/user/desired.ts";
import type { UserPlan } from "../core/user/plan.ts";
import type { User } from "../tokenapi/api.ts";
import { convergeUser, foreseeUser } from "../tokenapi/user-converge.ts";
import { blankUserMemory, OPEN_USER_POLICY, type UserScene } from "../tokenapi/user-scene.ts";
import { warnOfCredential } from "./credential-check.ts";
import type { Outputs } from "./desired.ts";
import { AGAIN, DELETED_AGAIN, ONCE_CHANGED, ProviderError, sentence, told, unbegun } from "./failure.ts";
import { complaints, type Inputs } from "./inputs.ts";
import { journal } from "./journal.ts";
import { introduce, nameOf } from "./mark.ts";
import { configure, explained, looking, session, type Session } from "./session.ts";
import { goOn } from "./stop.ts";
import type { Handlers } from "./token-handlers.ts";
import { hasUnknown, known } from "./unknown.ts";

export const userHandlers: Handlers = {
  async configure({ config }) {
    configure((key) => config.get(key));
  },
  async check(olds, { self, ...given }) {
    await warnOfCredential(olds);
    const news = { ...given, ...(self === undefined ? {} : { self: introduce(self) }) };
    return { inputs: news, failures: complaints("ServiceUser", news) };
  },
  async diff(id, olds, news) {
    if (hasUnknown(news)) return { changes: true, ...(olds["name"] === news["name"] ? {} : { replaces: ["name"] }) };
    if (olds["name"] !== specOf(news).name) return { changes: true, replaces: ["name"] };
    const opened = await opening().catch((error: unknown) => (isKind(error, "retryable") && !isChanged(olds, news) ? error : notBegun(error)));
    if (!(opened instanceof LifecycleError)) return diff(opened as Session, { id: Number(id), olds, news }).catch(notBegun);
    // As with tokens: a stack in which nothing was changed is not held up.
    await journal(news["self"]).warn(`Whether anything is due could not be seen: ${opened.message}`);
    return { changes: false };
  },
  async create(inputs) {
    const opened = await opening().catch(notBegun);
    const { name } = specOf(inputs);
    if (opened.issuer.users.user({ name })) await journal(inputs["self"]).info(`There is a service user named ${name} already: it is taken over.`);
    const user = await carryOut(opened, inputs, null);
    return { id: String(user.id), outs: outputsOf(user, inputs) };
  },
  async read(id, outputs) {
    const opened = await opening().catch((error: unknown) => {
      throw new ProviderError(sentence(error), { cause: error });
    });
    const user = find(opened, Number(id));
    return user ? { id, props: outputsOf(user, outputs) } : { id: "", props: {} };
  },
  async update(id, _, news) {
    const opened = await opening().catch(notBegun);
    if (!find(opened, Number(id))) throw new ProviderError(told(`The service user ${specOf(news).name} (id ${id}) is not there any more.`, [], "The next pulumi up creates it anew."));
    return { outs: outputsOf(await carryOut(opened, news, Number(id)), news) };
  },
  async delete(id, outputs) {
    if (specOf(outputs).deletionPolicy !== "Deactivate") return;
    const opened = await opening().catch(notDeleted);
    await looking(opened.issuer.tokens("service").refresh(Number.NEGATIVE_INFINITY)).catch(notDeleted);
    await remove(opened, outputs, Number(id));
  },
};

function notBegun(error: unknown): never {
  throw unbegun(error);
}

function notDeleted(error: unknown): never {
  throw unbegun(error, DELETED_AGAIN);
}

async function diff(opened: Session, at: { id: number; olds: Outputs; news: Inputs }): Promise<{ changes: boolean; replaces?: string[] }> {
  const { id, olds, news } = at;
  const log = journal(news["self"]);
  const user = find(opened, id);
  const scene = sceneOf(opened, news, { bound: id });
  const plan = await foreseeUser(scene);
  // Another user under the name, or none at all: the one that the state speaks of has to be another resource's, or gone.
  const isAnother = user === null || opened.issuer.users.user({ name: scene.desired.name })?.id !== id;
  if (plan.outcome === "stall") {
    await log.warn(plan.message);
    return { changes: false };
  }
  if (plan.action?.do === "Create") await log.warn(plan.message);
  if (isAnother) return { changes: true, replaces: ["name"] };
  if (plan.action?.do === "Reactivate") await log.info(plan.message);
  const outputs = outputsOf(user, news);
  return { changes: plan.outcome === "act" || JSON.stringify(outputs) !== JSON.stringify(pick(olds, outputs)) };
}

const specOf = (inputs: Inputs): UserSpec => known(inputs) as UserSpec;

function sceneOf({ issuer, signal }: Session, inputs: Inputs, at: { bound: number | null; deleting?: boolean }): UserScene {
  const front = { resource: nameOf(inputs["self"]), paused: false, deleting: at.deleting ?? false, abandon: false };
  const nothing = (): Promise<void> => Promise.resolve();
  const ends = signal?.() ?? null;
  return {
    desired: resolveUser(specOf(inputs), front),
    issuer,
    issuerProblem: null,
    policy: OPEN_USER_POLICY,
    bound: at.bound,
    claimed: null,
    memory: blankUserMemory(),
    held: () => true,
    hold: nothing,
    release: nothing,
    guard: () => goOn(ends),
    clock: issuer.clock,
  };
}

/** The session, with the service users as they are now; of a refused credential it is said where it came from. */
function opening(): Promise<Session> {
  return looking(session().then(async (opened) => {
    await opened.issuer.users.refresh(Number.NEGATIVE_INFINITY).catch((error: unknown) => {
      throw explained(error, opened.credentials);
    });
    return opened;
  }));
}

const find = ({ issuer }: Session, id: number): User | null => issuer.users.user({ id });

interface Ended {
  readonly plan: UserPlan;
  /** The failure in whole, for a plan that should not have been the last one. */
  readonly failure: (trouble?: string, again?: string) => ProviderError;
}

/** Does all there is to do now, and tells what was done. */
async function converged(opened: Session, scene: UserScene): Promise<Ended> {
  const done: string[] = [];
  const { plan, error } = await convergeUser(scene, ({ message }) => done.push(message));
  const failure: Ended["failure"] = (trouble = plan.message, again = plan.outcome === "stall" ? ONCE_CHANGED : AGAIN) => new ProviderError(told(trouble, done, again));
  if (error) throw failure(sentence(explained(error, opened.credentials)), scene.desired.deleting ? DELETED_AGAIN : AGAIN);
  return { plan, failure };
}

/** Makes the user what the program asks for, or fails with what is in the way. */
async function carryOut(opened: Session, inputs: Inputs, bound: number | null): Promise<User> {
  const { plan, failure } = await converged(opened, sceneOf(opened, inputs, { bound }));
  const user = opened.issuer.users.user({ name: specOf(inputs).name });
  if (plan.outcome !== "rest" || !user) throw failure();
  return user;
}

async function remove(opened: Session, outputs: Outputs, id: number): Promise<void> {
  const user = find(opened, id);
  // Renamed or gone: what bears the name now is not what this resource stood for.
  if (!user) return;
  const { plan, failure } = await converged(opened, sceneOf(opened, { ...outputs, name: user.name }, { bound: id, deleting: true }));
  if (plan.action?.do !== "Release") throw failure(`${(plan.message.split(" To let go ")[0] ?? plan.message)} Or set deletionPolicy: "Orphan".`, DELETED_AGAIN);
}

function outputsOf(user: User, inputs: Inputs): Outputs {
  const { name, role, teams, deletionPolicy } = resolved(inputs);
  return {
    userId: user.id,
    name,
    role,
    teams: teams ?? user.teams,
    user: user.userId,
    state: user.active ? "Active" : "Deactivated",
    deletionPolicy,
    __provider: inputs["__provider"],
  };
}

const resolved = (inputs: Inputs): Pick<DesiredUser, "name" | "role" | "teams" | "deletionPolicy"> => {
  const { name, role = DEFAULT_ROLE, teams, deletionPolicy = "Orphan" } = specOf(inputs);
  return { name, role, teams: teams ?? null, deletionPolicy };
};

/** Whether the program asks for something else than last time; teams that are not given are left as they are. */
function isChanged(olds: Outputs, news: Inputs): boolean {
  const { teams, ...asked } = resolved(news);
  const now = teams === null ? asked : { ...asked, teams };
  return JSON.stringify(now) !== JSON.stringify(pick(olds, now));
}

const pick = (from: Outputs, like: Outputs): Outputs => Object.fromEntries(Object.keys(like).map((name) => [name, from[name]]));
