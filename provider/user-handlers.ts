// The handlers of a service user. The API knows its users by name: what exists is taken over, what was deactivated is
// reactivated, so a create whose answer was lost mends itself.
import { isKind } from "../core/error.ts";
import type { User } from "../tokenapi/api.ts";
import { configure, explained, session, type Session } from "./session.ts";
import type { Outputs } from "./desired.ts";
import { ProviderError, sentence } from "./failure.ts";
import { complaints, type Inputs } from "./inputs.ts";
import { journal } from "./journal.ts";
import type { Handlers } from "./token-handlers.ts";
import { hasUnknown, known } from "./unknown.ts";

interface Wanted {
  readonly name: string;
  readonly role: string;
  readonly teams: readonly string[] | null;
  readonly deletionPolicy: "Orphan" | "Deactivate";
}

const DEFAULT_ROLE = "Member";
/** The API puts everybody into it. */
const EVERYBODY = "Public";

export const userHandlers: Handlers = {
  async configure({ config }) {
    configure((key) => config.get(key));
  },
  async check(_, news) {
    return { inputs: news, failures: complaints("ServiceUser", news) };
  },
  async diff(id, olds, news) {
    if (hasUnknown(news)) return { changes: true, ...(olds["name"] === news["name"] ? {} : { replaces: ["name"] }) };
    const want = wantedUser(news);
    if (olds["name"] !== want.name) return { changes: true, replaces: ["name"] };
    const user = await within((opened) => find(opened, Number(id)));
    const log = journal(news["self"]);
    if (!user) {
      await log.warn(`The service user ${want.name} (id ${id}) is not there any more: creating it anew.`);
      return { changes: true, replaces: ["name"] };
    }
    if (!user.active) await log.info(`The service user ${want.name} was deactivated: reactivating it.`);
    const isOther = JSON.stringify(outputsOf(user, want, news)) !== JSON.stringify(pick(olds, outputsOf(user, want, news)));
    return { changes: !user.active || differs(user, want) || isOther };
  },
  async create(inputs) {
    const want = wantedUser(inputs);
    const user = await within((opened) => obtain(opened, want, inputs));
    return { id: String(user.id), outs: outputsOf(user, want, inputs) };
  },
  async read(id, outputs) {
    const user = await within(async (opened) => {
      await opened.issuer.users.refresh(Number.NEGATIVE_INFINITY);
      return find(opened, Number(id));
    });
    return user ? { id, props: outputsOf(user, wantedUser(outputs), outputs) } : { id: "", props: {} };
  },
  async update(id, _, news) {
    const want = wantedUser(news);
    const user = await within(async (opened) => {
      const found = await find(opened, Number(id));
      if (!found) throw new ProviderError(`The service user ${want.name} (id ${id}) is not there any more: the next update creates it anew.`);
      return shape(opened, found, want);
    });
    return { outs: outputsOf(user, want, news) };
  },
  async delete(id, outputs) {
    if (wantedUser(outputs).deletionPolicy !== "Deactivate") return;
    await within(async ({ issuer }) => {
      await issuer.api.deactivateServiceUser(Number(id)).catch((error: unknown) => {
        if (!isKind(error, "missing")) throw error;
      });
    });
  },
};

function wantedUser(inputs: Inputs): Wanted {
  const { name, role, teams, deletionPolicy } = known(inputs) as Inputs;
  return {
    name: String(name),
    role: typeof role === "string" ? role : DEFAULT_ROLE,
    teams: Array.isArray(teams) ? teams.map(String) : null,
    deletionPolicy: deletionPolicy === "Deactivate" ? "Deactivate" : "Orphan",
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

async function obtain(opened: Session, want: Wanted, inputs: Inputs): Promise<User> {
  const { issuer } = opened;
  await issuer.users.refresh(Number.NEGATIVE_INFINITY);
  const existing = issuer.users.user({ name: want.name });
  if (existing) {
    await journal(inputs["self"]).info(`There is a service user named ${want.name} already: it is taken over.`);
    return shape(opened, existing, want);
  }
  const user = await issuer.api.createServiceUser({ name: want.name, role: want.role, teams: want.teams ?? [] });
  issuer.users.put(user);
  return user;
}

/** Makes an existing user what the program asks for. */
async function shape({ issuer }: Session, user: User, want: Wanted): Promise<User> {
  let shaped = user.active ? user : await issuer.api.reactivateServiceUser(user.id);
  if (differs(shaped, want)) shaped = await issuer.api.updateServiceUser(user.id, { role: want.role, ...(want.teams ? { teams: want.teams } : {}) });
  issuer.users.put(shaped);
  return shaped;
}

function differs(user: User, want: Wanted): boolean {
  if (user.role !== null && user.role !== want.role) return true;
  return want.teams !== null && teamsOf(user.teams) !== teamsOf(want.teams);
}

const teamsOf = (teams: readonly string[]): string => JSON.stringify([...new Set(teams)].filter((team) => team !== EVERYBODY).sort());

function outputsOf(user: User, want: Wanted, inputs: Inputs): Outputs {
  return {
    userId: user.id,
    name: want.name,
    role: want.role,
    teams: want.teams ?? user.teams,
    user: user.userId,
    state: user.active ? "Active" : "Deactivated",
    deletionPolicy: want.deletionPolicy,
    __provider: inputs["__provider"],
  };
}

const pick = (from: Outputs, like: Outputs): Outputs => Object.fromEntries(Object.keys(like).map((name) => [name, from[name]]));
