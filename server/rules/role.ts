// The roles and their order. Decides who may do what somebody lower may do; must not
// know any endpoint.

/** From the least to the most. */
export const roles = ["Member", "Editor", "Manager", "Admin"] as const;
export type Role = (typeof roles)[number];

export function atLeast(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}
