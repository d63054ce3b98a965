// Whether a value is the secret of one certain token: told by using it. The API shows no value again, but the list
// shows who was used last, to the second. A value that moves another token's date, or none, is not this one's; where
// others of the same owner move as well at that moment, it is tried again, and in the end not believed.
import { LifecycleError } from "../core/error.ts";
import type { Remote } from "../core/observed.ts";
import type { SecretValue } from "../core/secret-value.ts";
import type { TokenApi, TokenList } from "./api.ts";
import type { Clock } from "./clock.ts";

export interface Proof {
  /** The token after our use; what its list says is later than any use of the holder's before. */
  readonly token: Remote;
  /** It is good for the SCIM endpoints only. */
  readonly scim: boolean;
}

const ATTEMPTS = 6;
/** The list's dates are whole seconds: a use in the same second as the last one moves nothing. */
const NEXT_SECOND = 1_100;

const refuse = (why: string): LifecycleError => new LifecycleError("invalid", "NOT_IN_POSSESSION", why);

export interface Bench {
  readonly api: TokenApi;
  readonly clock: Clock;
  readonly list: TokenList;
  /** Whose value it is, by the API's own word; null: it does not say (SCIM tokens may not ask). */
  readonly ownerOf: (value: SecretValue) => Promise<number | null>;
}

/** Throws LifecycleError `invalid` with why the value is not believed to be this token's. */
export async function prove(at: Bench, token: Remote, value: SecretValue): Promise<Proof> {
  const { api, clock, list } = at;
  if (!token.active) throw refuse(`The token ${token.id} is revoked: nobody can prove to hold it.`);
  const scim = await use(api, token, value);
  const owner = scim ? null : await at.ownerOf(value);
  if (owner !== null && owner !== token.owner) throw refuse(`The secret given for the token ${token.id} belongs to another user than the token.`);
  for (let attempt = 1; ; attempt++) {
    const before = usesIn(await api.tokens(list));
    await clock.sleep(NEXT_SECOND);
    await use(api, token, value);
    const after = await api.tokens(list);
    const moved = after.filter((other) => (owner === null || other.owner === owner) && (before.get(other.id) ?? null) !== other.lastUsed);
    const own = moved.find(({ id }) => id === token.id);
    if (own && moved.length === 1) return { token: own, scim };
    if (!own) throw refuse(`The secret given for the token ${token.id} is not its: it was used, and the list does not show a use of that token.`);
    if (attempt === ATTEMPTS) throw refuse(`Whether the secret given for the token ${token.id} is its cannot be told: ${moved.length - 1} others are in use at the same moments. Try again when it is quiet.`);
  }
}

const usesIn = (tokens: readonly Remote[]): Map<number, number | null> => new Map(tokens.map(({ id, lastUsed }) => [id, lastUsed]));

/** Authenticates; tells whether only the SCIM endpoints are open to it. */
async function use(api: TokenApi, { id }: Remote, value: SecretValue): Promise<boolean> {
  const answer = await api.verify(value, false);
  if (answer.is === "good") return false;
  if ((await api.verify(value, true)).is === "good") return true;
  throw refuse(`The secret given for the token ${id} does not authenticate (${answer.message}).`);
}
