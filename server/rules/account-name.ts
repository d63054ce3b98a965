// From a service user's name to its id. Decides which characters stay.

const suffix = "@service";

/** "API Access" -> "api_access@service"; undefined when nothing would be left of the name. */
export function serviceUserId(name: string): string | undefined {
  const slug = name
    .trim()
    .toLowerCase()
    .replace(/\s/gu, "_")
    .replace(/[^a-z0-9_-]/gu, "");
  return slug === "" ? undefined : slug + suffix;
}

/** The id without what marks a service user. */
export function loginName(userId: string): string {
  return userId.endsWith(suffix) ? userId.slice(0, -suffix.length) : userId;
}
