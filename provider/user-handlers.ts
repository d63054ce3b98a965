// The handlers of a service user: thin. The engine (core/user/) decides what is done; here stands only what Pulumi
// has to be told, and in which words.
import { DEFAULT_ROLE, resolveUser, type DesiredUser, type UserSpec } from "../core/user/desired.ts";
import type { User } from "../tokenapi/api.ts";
import { convergeUser, foreseeUser } from "../tokenapi/user-converge.ts";
import { blankUserMemory, OPEN_USER_POLICY, type UserScene } from "../tokenapi/user-scene.ts";
import type { Outputs } from "./desired.ts";
import { ProviderError, sentence } from "./failure.ts";
import { complaints, type Inputs } from "./inputs.ts";
import { journal } from "./journal.ts";
import { nameOf } from "./mark.ts";
import { configure, explained, session, type Session } from "./session.ts";
import type { Handlers } from "./token-handlers.ts";
import { hasUnknown, known } from "./unknown.ts";

export const userHandlers: Handlers = {
  async configure({ config }) {
    configure((key) => config.get(key));
  },
  async check(_, news) {
    return { inputs: news, failures: complaints("ServiceUser", news) };
  },
  async diff(id, olds, news) {
    if (hasUnknown(news)) return { changes: true, ...(olds["name"] === news["name"] ? {} : { replaces: ["name"] }) };
    if (olds["name"] !== specOf(news).name) return { changes: true, replaces: ["name"] };
    return within((opened) => diff(opened, { id: Number(id), olds, news }));
  },
  async create(inputs) {
    const user = await within((opened) => carryOut(opened, inputs, null));
    return { id: String(user.id), outs: outputsOf(user, inputs) };
  },
  async read(id, outputs) {
    const user = await within((opened) => find(opened, Number(id)));
    return user ? { id, props: outputsOf(user, outputs) } : { id: "", props: {} };
  },
  async update(id, _, news) {
    const user = await within(async (opened) => {
      const found = await find(opened, Number(id));
      if (!found) throw new ProviderError(`The service user ${specOf(news).name} (id ${id}) is not there any more: the next update creates it anew.`);
      return carryOut(opened, news, Number(id));
    });
    return { outs: outputsOf(user, news) };
  },
  async delete(id, outputs) {
    await within((opened) => remove(opened, outputs, Number(id)));
  },
};

async function diff(opened: Session, at: { id: number; olds: Outputs; news: Inputs }): Promise<{ changes: boolean; replaces?: string[] }> {
  const { id, olds, news } = at;
  const log = journal(news["self"]);
  const user = await find(opened, id);
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

function sceneOf({ issuer }: Session, inputs: Inputs, at: { bound: number | null; deleting?: boolean }): UserScene {
  const front = { resource: nameOf(inputs["self"]), paused: false, deleting: at.deleting ?? false, abandon: false };
  const nothing = (): Promise<void> => Promise.resolve();
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
    clock: issuer.clock,
  };
}

/** Does something with the session; whatever fails is a sentence, with the origin of a refused credential. */
async function within<T>(work: (opened: Session) => Promise<T>): Promise<T> {
  let opened: Session | null = null;
  try {
    opened = await session();
    return await work(opened);
  } catch (error) {
    const better = opened ? explained(error, opened.credentials) : error;
    throw better instanceof ProviderError ? better : new ProviderError(sentence(better), { cause: error });
  }
}

async function find({ issuer }: Session, id: number): Promise<User | null> {
  await issuer.users.refresh(Number.NEGATIVE_INFINITY);
  return issuer.users.user({ id });
}

/** Makes the user what the program asks for, or fails with what is in the way. */
async function carryOut(opened: Session, inputs: Inputs, bound: number | null): Promise<User> {
  const { users } = opened.issuer;
  await users.refresh(Number.NEGATIVE_INFINITY);
  const { name } = specOf(inputs);
  if (bound === null && users.user({ name })) await journal(inputs["self"]).info(`There is a service user named ${name} already: it is taken over.`);
  const { plan, error } = await convergeUser(sceneOf(opened, inputs, { bound }));
  if (error) throw error;
  const user = users.user({ name });
  if (plan.outcome !== "rest" || !user) throw new ProviderError(plan.message);
  return user;
}

async function remove(opened: Session, outputs: Outputs, id: number): Promise<void> {
  if (specOf(outputs).deletionPolicy !== "Deactivate") return;
  const user = await find(opened, id);
  // Renamed or gone: what bears the name now is not what this resource stood for.
  if (!user) return;
  await opened.issuer.tokens("service").refresh(Number.NEGATIVE_INFINITY);
  const { plan, error } = await convergeUser(sceneOf(opened, { ...outputs, name: user.name }, { bound: id, deleting: true }));
  if (error) throw error;
  if (plan.action?.do !== "Release") throw new ProviderError(`${(plan.message.split(" To let go ")[0] ?? plan.message)} Or set deletionPolicy: "Orphan".`);
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

const pick = (from: Outputs, like: Outputs): Outputs => Object.fromEntries(Object.keys(like).map((name) => [name, from[name]]));
