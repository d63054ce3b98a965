// What a person wants of one service user, with every default filled in. Both fronts build this from their own form
// of the spec; the checks read nothing else of it.

export const ROLES = ["Member", "Editor", "Manager", "Admin"] as const;
export type Role = (typeof ROLES)[number];
export const DEFAULT_ROLE: Role = "Member";

export interface UserSpec {
  readonly name: string;
  readonly role?: string;
  readonly teams?: readonly string[];
  readonly deletionPolicy?: "Orphan" | "Deactivate";
}

export interface DesiredUser {
  /** How people name the resource: "data/ingest" or the Pulumi name. Only for sentences. */
  readonly resource: string;
  /** The user's name at the API: by it the user is found. */
  readonly name: string;
  readonly role: string;
  /** Null: the teams are left as they are. */
  readonly teams: readonly string[] | null;
  readonly deletionPolicy: "Orphan" | "Deactivate";
  readonly paused: boolean;
  /** The resource is being deleted. */
  readonly deleting: boolean;
  /** A deletion that cannot be seen through lets go. */
  readonly abandon: boolean;
}

export type UserFront = Pick<DesiredUser, "resource" | "paused" | "deleting" | "abandon">;

export function resolveUser(spec: UserSpec, front: UserFront): DesiredUser {
  return {
    ...front,
    name: spec.name,
    role: spec.role ?? DEFAULT_ROLE,
    teams: spec.teams ?? null,
    deletionPolicy: spec.deletionPolicy ?? "Orphan",
  };
}
