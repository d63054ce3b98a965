// Who may do what: every endpoint for every kind of caller, and every deed on a token
// for every role, allowed or refused. Decides all of it in one place; routes and rules ask
// here, and a test tries each cell. Must not know how a refusal is told.
import type { Role } from "./role.ts";

const no = false;
const yes = true;

export const askers = ["nobody", "Member", "Editor", "Manager", "Admin", "SCIM token"] as const;
/** A role, somebody without a token, or an Admin's token that is limited to SCIM. */
export type Asker = (typeof askers)[number];

export const endpoints = {
  //                               nobody Member Editor Manager Admin SCIM token
  "GET /":                          [yes, yes, yes, yes, yes, yes],
  "GET /health":                    [yes, yes, yes, yes, yes, yes],
  "GET /status":                    [yes, yes, yes, yes, yes, yes],
  "GET /openapi.json":              [yes, yes, yes, yes, yes, yes],
  "GET /users/me":                  [no,  yes, yes, yes, yes, no],
  "GET /users":                     [no,  no,  no,  yes, yes, no],
  "GET /users/:id":                 [no,  no,  no,  yes, yes, no],
  "GET /users/listing":             [no,  no,  no,  no,  yes, no],
  "POST /users":                    [no,  no,  no,  no,  yes, no],
  "PUT /users/:id":                 [no,  no,  no,  no,  yes, no],
  "DELETE /users/:id":              [no,  no,  no,  no,  yes, no],
  "PATCH /users/:id/restore":       [no,  no,  no,  no,  yes, no],
  "GET /teams":                     [no,  no,  no,  yes, yes, no],
  "GET /teams/:id":                 [no,  no,  no,  yes, yes, no],
  "POST /user-tokens":              [no,  yes, yes, yes, yes, no],
  "GET /user-tokens":               [no,  yes, yes, yes, yes, no],
  "GET /user-tokens/service":       [no,  no,  no,  no,  yes, no],
  "PUT /user-tokens/:id":           [no,  yes, yes, yes, yes, no],
  "DELETE /user-tokens/:id":        [no,  yes, yes, yes, yes, no],
  "GET /global-tags":               [no,  yes, yes, yes, yes, no],
  "GET /audit":                     [no,  no,  no,  no,  yes, no],
  "GET /scim/v2/Users":             [no,  no,  no,  no,  yes, yes],
} as const satisfies Readonly<Record<string, Row<6>>>;

export type Endpoint = keyof typeof endpoints;

/** What an endpoint that answers a caller still has to decide by looking at the token. */
export const deeds = {
  //                                  Member Editor Manager Admin
  "issue a token for oneself":         [yes, yes, yes, yes],
  "issue a token for a service user":  [no,  no,  no,  yes],
  "issue a token for SCIM":            [no,  no,  no,  yes],
  "change one's own token":            [yes, yes, yes, yes],
  "change a service user's token":     [no,  no,  no,  yes],
  // Nobody else's, not for an Admin either: it is as if there were none.
  "change another person's token":     [no,  no,  no,  no],
} as const satisfies Readonly<Record<string, Row<4>>>;

export type Deed = keyof typeof deeds;

type Row<Cells extends 4 | 6> = Cells extends 4 ? readonly [boolean, boolean, boolean, boolean] : readonly [boolean, boolean, boolean, boolean, boolean, boolean];

export const deedRoles: readonly Role[] = ["Member", "Editor", "Manager", "Admin"];

export function mayAsk(endpoint: Endpoint, asker: Asker): boolean {
  return endpoints[endpoint][askers.indexOf(asker)] === true;
}

export function may(role: Role, deed: Deed): boolean {
  return deeds[deed][deedRoles.indexOf(role)] === true;
}

/** Those who may, as a sentence names them; empty where anybody may. */
export function whoMayAsk(endpoint: Endpoint): readonly Asker[] {
  return mayAsk(endpoint, "nobody") ? [] : askers.filter((asker) => mayAsk(endpoint, asker));
}

export function isEndpoint(text: string): text is Endpoint {
  return Object.hasOwn(endpoints, text);
}
