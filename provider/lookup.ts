// A service user that exists, found by name or id: for programs and the plugin. Changes nothing.
import { isKind } from "../core/error.ts";
import type { User } from "../tokenapi/api.ts";
import { ProviderError, sentence } from "./failure.ts";
import { explained, session, type Session } from "./session.ts";

export interface FoundUser {
  /** Its numeric id, for `serviceUser: { id }`. */
  readonly userId: number;
  readonly name: string;
  readonly role: string;
  readonly teams: string[];
  /** What the API calls it: the name in small letters with `@service`. */
  readonly user: string;
  readonly state: "Active" | "Deactivated";
}

export async function lookUp({ name, id }: { readonly name?: unknown; readonly id?: unknown }): Promise<FoundUser> {
  if ((name === undefined) === (id === undefined)) throw new ProviderError("Name the service user by exactly one of name and id.");
  if (name !== undefined && (typeof name !== "string" || name === "")) throw new ProviderError("The name of a service user is a text that is not empty.");
  if (id !== undefined && (typeof id !== "number" || !Number.isInteger(id) || id < 1)) throw new ProviderError("The id of a service user is a whole number from 1.");
  const opened = await session().catch(told);
  const user = await found(opened, name === undefined ? { id: id as number } : { name });
  return { userId: user.id, name: user.name, role: user.role ?? "", teams: [...user.teams], user: user.userId, state: user.active ? "Active" : "Deactivated" };
}

async function found({ issuer, credentials }: Session, ref: { id: number } | { name: string }): Promise<User> {
  await issuer.users.refresh(Number.NEGATIVE_INFINITY).catch((error: unknown) => told(explained(error, { origin: credentials.origin })));
  const user = issuer.users.user(ref);
  if (user) return user;
  throw new ProviderError(`There is no service user ${"id" in ref ? `with the id ${ref.id}` : `named ${JSON.stringify(ref.name)}`} at ${issuer.url}: create it, or name one that exists.`);
}

function told(error: unknown): never {
  throw error instanceof ProviderError || isKind(error, "terminal") ? error : new ProviderError(sentence(error), { cause: error });
}
