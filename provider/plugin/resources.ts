// The three resources as the plugin serves them: the same life as in the dynamic provider, and what only a plugin can
// do: tell a preview what it knows, and take in what exists by its id.
import { parseName } from "../../core/name.ts";
import { isSame } from "../../core/situation.ts";
import type { Outputs, Subject } from "../desired.ts";
import { ProviderError } from "../failure.ts";
import { take } from "../importing.ts";
import { complaints, type Inputs, type Kind } from "../inputs.ts";
import { lookUp } from "../lookup.ts";
import { foresee, sceneOf } from "../scene.ts";
import { session } from "../session.ts";
import { outputsOf } from "../outputs.ts";
import { wanted } from "../desired.ts";
import { create, diff, foretold, read, remove, update, type Difference, type Foretold } from "../token-life.ts";
import { userHandlers } from "../user-handlers.ts";

export interface Found {
  readonly id: string;
  readonly outputs: Outputs;
  readonly inputs?: Inputs;
}

/** `mark`: of a new resource; `self`: in the inputs, so that messages show up with the resource. */
export interface PluginResource {
  readonly kind: Kind;
  /** What the name in the program gives where the program gives none. */
  defaults(name: string): Inputs;
  diff(id: string, olds: Outputs, news: Inputs): Promise<Difference & { readonly replaces?: readonly string[] }>;
  create(mark: string, inputs: Inputs): Promise<Found>;
  foretold(id: string, olds: Outputs | null, news: Inputs): Promise<Foretold>;
  read(id: string, outputs: Outputs, self: string): Promise<Found>;
  /** Takes in what exists; `id` as a person gave it. */
  adopt(id: string, mark: string, self: string): Promise<Found>;
  update(id: string, olds: Outputs, news: Inputs): Promise<Outputs>;
  delete(id: string, outputs: Outputs): Promise<void>;
}

/** What was taken in by this process: its missing secret is the next update's business. */
const adopted = new Set<string>();

function tokenResource(kind: Subject["kind"]): PluginResource {
  const of = (mark: string): Subject => ({ kind, mark });
  return {
    kind,
    defaults: (name) => ({ tokenName: name }),
    async diff(mark, olds, news) {
      const found = await diff(of(mark), olds, news);
      return adopted.has(mark) && olds["token"] === undefined ? { changes: false, rotates: false } : found;
    },
    async create(mark, inputs) {
      const { id, outs } = await create(of(mark), inputs);
      return { id, outputs: outs };
    },
    foretold: (mark, olds, news) => foretold(of(mark), olds, news),
    async read(mark, outputs) {
      const { id, props } = await read(of(mark), outputs);
      return { id, outputs: props };
    },
    adopt: (id, mark, self) => adopt(kind, { id, mark, self }),
    async update(mark, olds, news) {
      return (await update(of(mark), olds, news)).outs;
    },
    delete: (mark, outputs) => remove(of(mark), outputs),
  };
}

async function adopt(kind: Subject["kind"], { id, mark, self }: { id: string; mark: string; self: string }): Promise<Found> {
  const opened = await session();
  const { issuer } = opened;
  const list = issuer.tokens(kind === "ServiceToken" ? "service" : "personal");
  await list.refresh(0);
  const remote = (await issuer.api.tokens(kind === "ServiceToken" ? "service" : "personal")).find((token) => String(token.id) === id || token.name === id);
  if (!remote) throw new ProviderError(`There is no ${kind === "ServiceToken" ? "service" : "personal"} token with the id or name ${JSON.stringify(id)}.`);
  if (parseName(remote.name) !== null) throw new ProviderError(`The token ${remote.name} bears the mark of a resource, which owns it: servicetokens handover moves it.`);
  const now = Date.now() + issuer.api.clockOffset;
  if (!remote.active || (remote.expires !== null && remote.expires <= now)) throw new ProviderError(`The token ${remote.name} is revoked or expired: there is nothing to import.`);
  const name = self.split("::").at(-1) ?? remote.name;
  const { inputs: all, record } = take({ kind, name, mark }, { remote, scim: false, value: null, now }, { url: issuer.url, userId: issuer.userId });
  const { __provider: _, self: __, baseName, ...rest } = all;
  const inputs = { ...rest, tokenName: baseName };
  const scene = sceneOf(opened, wanted({ kind, mark }, { ...inputs, self }, record), { token: null, record }, inputs["serviceUser" as keyof typeof inputs]);
  const { situation, plan } = await foresee(scene);
  if (!situation.tokens?.tokens.some((token) => isSame(token, remote))) throw new ProviderError(`The token ${remote.name} went away while it was looked at.`);
  adopted.add(mark);
  return { id: mark, inputs, outputs: outputsOf({ situation, target: scene.target, next: plan.nextAction, inputs }) };
}

const userResource: PluginResource = {
  kind: "ServiceUser",
  defaults: () => ({}),
  async diff(id, olds, news) {
    const { changes, replaces } = await userHandlers.diff(id, olds, news);
    return { changes, rotates: false, ...(replaces ? { replaces } : {}) };
  },
  async create(_, inputs) {
    const { id, outs } = await userHandlers.create(inputs);
    return { id, outputs: outs };
  },
  foretold: (_, olds, { self: __, ...news }) =>
    Promise.resolve(olds === null ? { outputs: news, unknown: ["userId", "user", "role", "teams", "state"].filter((name) => !(name in news)) } : { outputs: { ...olds, ...news }, unknown: [] }),
  async read(id, outputs) {
    const { id: found, props } = await userHandlers.read(id, outputs);
    return { id: found, outputs: props };
  },
  async adopt(id) {
    const { userId, name, role, teams, user, state } = await lookUp(/^[1-9][0-9]*$/.test(id) ? { id: Number(id) } : { name: id });
    return { id: String(userId), inputs: { name, role, teams }, outputs: { userId, name, role, teams, user, state, deletionPolicy: "Orphan" } };
  },
  async update(id, olds, news) {
    return (await userHandlers.update(id, olds, news)).outs;
  },
  delete: (id, outputs) => userHandlers.delete(id, outputs),
};

const RESOURCES: readonly PluginResource[] = [tokenResource("ServiceToken"), tokenResource("PersonalToken"), userResource];

/** By its type, as "servicetokens:index:ServiceToken". */
export function resourceOf(type: string): PluginResource {
  const found = RESOURCES.find(({ kind }) => type === `servicetokens:index:${kind}`);
  if (!found) throw new ProviderError(`servicetokens has no resource ${type}: there are ${RESOURCES.map(({ kind }) => `servicetokens:index:${kind}`).join(", ")}.`);
  return found;
}

export { complaints };
