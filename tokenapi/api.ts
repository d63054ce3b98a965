// The token API as the rest of the product sees it: one method an endpoint, times in milliseconds, errors typed
// by the caller's decision (core/error.ts). client.ts talks HTTP; the simulation has an API of its own.
import type { Remote } from "../core/observed.ts";
import type { SecretValue } from "../core/secret-value.ts";

export interface User {
  readonly id: number;
  /** For service users the slug with @service. */
  readonly userId: string;
  readonly name: string;
  readonly role: string | null;
  readonly type: "Service" | "Human" | null;
  readonly teams: readonly string[];
  /** False once deactivated. */
  readonly active: boolean;
}

export interface NewToken {
  readonly name: string;
  /** Days, 1 to 365; null: never expires. */
  readonly expiresInDays: number | null;
  readonly scimEndpointsOnly: boolean;
  /** The service user's id; null: the credential's own user (a personal token). */
  readonly userId: number | null;
}

/** refused: the API does not know the value (401). odd: an answer that says nothing of it. Words without the value. */
export type Verification = { readonly is: "good" } | { readonly is: "refused" | "odd"; readonly message: string };

export interface IssuedToken {
  readonly token: Remote;
  readonly value: SecretValue;
}

/** Which list a token stands in: those of all service users, or the credential's own. */
export type TokenList = "service" | "personal";

export interface TokenApi {
  /** GET /users/me. */
  me(): Promise<User>;
  /** All service users, deactivated ones too. */
  serviceUsers(): Promise<readonly User[]>;
  createServiceUser(input: { name: string; role: string; teams: readonly string[] }): Promise<User>;
  updateServiceUser(id: number, change: { role?: string; teams?: readonly string[] }): Promise<User>;
  /** Deactivates; `conflict` while the user has active tokens. */
  deactivateServiceUser(id: number): Promise<void>;
  reactivateServiceUser(id: number): Promise<User>;
  /** The complete list: one call whatever the number of tokens. */
  tokens(list: TokenList): Promise<readonly Remote[]>;
  /** POST: never repeated. `conflict`: the name exists. `uncertain`: it may have been made. */
  issue(input: NewToken): Promise<IssuedToken>;
  revoke(id: number): Promise<Remote>;
  restore(id: number): Promise<Remote>;
  /** `conflict` while the token is active. */
  delete(id: number): Promise<void>;
  /** Whether a value authenticates. */
  verify(value: SecretValue, scimEndpointsOnly: boolean): Promise<Verification>;
  /** The API's clock minus ours, milliseconds, from the last answer's Date header; a jump of ours since is taken into account. */
  readonly clockOffset: number;
}
