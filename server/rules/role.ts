// The roles and their order; what each may do is in access.ts.

/** From the least to the most. */
export const roles = ["Member", "Editor", "Manager", "Admin"] as const;
export type Role = (typeof roles)[number];
