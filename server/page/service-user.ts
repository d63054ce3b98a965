// Users as the list gives them, and teams. Decides nothing: it names what the service is
// asked.
import { ask } from "./request.ts";
import type { Role } from "./session.ts";

export const roles: readonly Role[] = ["Member", "Editor", "Manager", "Admin"];

export interface User {
  readonly id: number;
  readonly user_id: string;
  readonly name: string;
  readonly role: Role;
  readonly user_type: "Service" | "Human";
  readonly teams: readonly string[];
  readonly created_at: string;
  readonly deleted_at: string | null;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly total: number;
  readonly page: number;
  readonly pages: number;
}

export interface UserSearch {
  readonly type: "Service" | "Human" | "";
  readonly name: string;
  readonly sort: "name" | "created" | "role";
  readonly sort_dir: "asc" | "desc";
  readonly include_deleted: boolean;
  readonly page: number;
}

export interface NewServiceUser {
  readonly name: string;
  readonly role: Role;
  readonly teams: readonly string[];
}

const pageSize = 50;

export function listUsers(search: UserSearch): Promise<Page<User>> {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries({ ...search, size: pageSize })) {
    if (value !== "") query.set(key, String(value));
  }
  return ask("GET", `/api/users?${query.toString()}`);
}

export const listServiceUsers = (): Promise<User[]> => ask("GET", "/api/users/listing?type=Service");
export const createServiceUser = (user: NewServiceUser): Promise<User> => ask("POST", "/api/users", user);
export const changeUser = (id: number, change: Pick<NewServiceUser, "role" | "teams">): Promise<User> => ask("PUT", `/api/users/${id}`, change);
export const deactivateUser = (id: number): Promise<void> => ask("DELETE", `/api/users/${id}`);
export const reactivateUser = (id: number): Promise<User> => ask("PATCH", `/api/users/${id}/restore`);

export async function listTeams(): Promise<readonly string[]> {
  const names: string[] = [];
  for (let page = 1, pages = 1; page <= pages && page <= 20; page += 1) {
    const answer: Page<{ readonly name: string }> = await ask("GET", `/api/teams?size=100&page=${page}`);
    names.push(...answer.items.map(({ name }) => name));
    pages = answer.pages;
  }
  return names;
}
