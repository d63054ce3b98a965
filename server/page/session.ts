// Who is signed in, and the service's time. Decides nothing: it names what the service tells.
import { setClock } from "./clock.ts";
import { ask } from "./request.ts";

export type Role = "Admin" | "Manager" | "Editor" | "Member";

export interface Person {
  readonly id: number;
  readonly user_id: string;
  readonly name: string;
  readonly role: Role;
}

export interface Session {
  readonly user: Person | null;
  /** The token that opened the session; null in development. */
  readonly token_id: number | null;
  /** Whom one may sign in as without a token; null outside development mode. */
  readonly development: readonly Pick<Person, "id" | "name" | "role">[] | null;
}

export type SignedIn = Session & { readonly user: Person };

export async function readSession(): Promise<Session> {
  const session = await ask<Session & { readonly now: string }>("GET", "/session");
  setClock(session.now);
  return session;
}

export const signInWith = (credential: { token: string } | { user_id: number }): Promise<unknown> => ask("POST", "/session", credential);
export const signOut = (): Promise<unknown> => ask("DELETE", "/session");

export const isAdmin = ({ user }: SignedIn): boolean => user.role === "Admin";
export const mayViewUsers = ({ user }: SignedIn): boolean => user.role === "Admin" || user.role === "Manager";
