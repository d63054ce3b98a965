// The form of the file that `servicetokens explain` reads: what may stand where. Its meaning is in explain-input.ts.
// A schema is made for each file, because what a fact may say depends on what it is: present, absent or unknown.
import { DURATION_PATTERN } from "./duration.ts";
import { REASONS } from "./reason.ts";
import { personalTokenFields, serviceTokenFields, type Schema } from "./schema.ts";

type Fields = { readonly [name: string]: Schema };

const words: Schema = { type: "string", minLength: 1, maxLength: 1_000 };
const flag: Schema = { type: "boolean" };
const count: Schema = { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
const number: Schema = { type: "integer", minimum: 1, maximum: 999_999_999 };
const time: Schema = { type: "string", format: "duration" };
const date: Schema = { type: "string", format: "instant" };
const orNull = (schema: Schema): Schema => ({ ...schema, nullable: true });
const list = (items: Schema): Schema => ({ type: "array", items, maxItems: 1_000 });
const one = (...values: string[]): Schema => ({ type: "string", enum: values });
const object = (properties: Fields, required: readonly string[] = []): Schema => ({ type: "object", properties, required, additionalProperties: false });

/** The spec's schema, strict: an apiserver drops what it does not know, a file is told. */
function strict(schema: Schema): Schema {
  if (schema.pattern === DURATION_PATTERN) return time;
  if (schema.items) return { ...schema, items: strict(schema.items) };
  if (schema.type !== "object" || !schema.properties) return schema;
  const properties = Object.fromEntries(Object.entries(schema.properties).map(([name, field]) => [name, strict(field)]));
  return { ...schema, properties, additionalProperties: false };
}

/** What a spec holds beside what the engine reads: accepted, so that the spec of an object can be pasted as it is. */
const UNREAD: Fields = { issuerRef: { type: "object" }, secret: { type: "object" } };
const restart: Schema = list(object({ kind: one("Deployment", "StatefulSet", "DaemonSet"), name: words }, ["kind", "name"]));

function desired(kind: unknown): Schema {
  const fields = kind === "PersonalToken" ? personalTokenFields : serviceTokenFields;
  const annotations = object({ rotate: words, compromised: number, rollback: number, paused: flag, abandon: flag });
  return object({
    kind: one("ServiceToken", "PersonalToken"),
    resource: words,
    issuerRef: words,
    mark: { type: "string", format: "mark" },
    scope: words,
    since: date,
    deleting: flag,
    annotations,
    spec: strict({ type: "object", properties: { ...fields, ...UNREAD, restart } }),
  });
}

const inputs = object({ owner: count, base: words, days: orNull(number), scim: flag, rotate: { type: "string", maxLength: 1_000 } });
const revoked = object({ at: date, why: one("retired", "state", "compromised", "early", "elsewhere", "expired"), done: flag }, ["at", "why"]);
const token: Fields = { id: count, name: words, created: date, expires: orNull(date) };
const revision = object(
  { number, ...token, deliveredAt: orNull(date), usedAfter: date, sha256: orNull(words), inputs, revoked, restart: { type: "string", format: "due" }, retiringSince: date, kept: flag, former: flag },
  ["number", "created"],
);
const record = object({
  version: count,
  mark: { type: "string", format: "mark" },
  issuer: object({ url: words, userId: count, ref: words }),
  former: object({ url: words, userId: count, ref: words, since: date, onward: flag, others: list(count) }, ["url", "userId", "ref", "since"]),
  current: orNull(number),
  fence: count,
  revisions: list(revision),
  others: list(count),
});
const policy = object({ maxExpiresInDays: number, allowNever: flag, minOverlap: time, serviceUsers: list(words), refusal: words });
const listed = object({ revision: number, ...token, active: flag, lastUsed: orNull(date), owner: count });
const hand = object({ number, ...token, sha256: words, inputs, verified: flag, usedAfter: date, failures: count, failure: words }, ["number"]);

const PRESENT = {
  issuer: { url: words, userId: count, clockOffset: { type: "string", format: "offset" }, resyncInterval: time, policy },
  owner: { id: count, name: words, active: flag },
  tokens: { sentAt: date, list: list(listed), earlier: object({ sentAt: date, revisions: list(number) }, ["sentAt"]), deleted: list(number) },
  copy: {
    place: one("ours", "foreign"),
    foreign: words,
    record,
    value: one("intact", "changed", "missing", "unread"),
    looks: one("right", "different"),
    writable: flag,
    unwritable: words,
    exclusive: flag,
    unsaved: flag,
    readAt: date,
    knownSince: date,
  },
  rollout: { revision: number, asked: flag, complete: flag, waits: words, missing: list(words), readAt: date },
} satisfies { readonly [fact: string]: Fields };

const said = object({ revision: number, reason: one(...REASONS), message: words }, ["revision", "reason"]);

type FactName = keyof typeof PRESENT;

function fact(name: FactName, value: unknown): Schema {
  const kinds = name === "tokens" ? ["present", "unknown"] : ["present", "absent", "unknown"];
  const is = one(...kinds);
  if (name === "tokens" && Array.isArray(value)) return list(listed);
  const said = member(value, "is");
  if (said === "unknown") return object({ is, reason: one(...REASONS), message: words });
  if (said === "absent") return object({ is, message: words });
  return object({ is, ...PRESENT[name] });
}

const member = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name) ? (value as { readonly [name: string]: unknown })[name] : undefined;

/** What this file may hold, and where. */
export function caseSchema(file: unknown): Schema {
  const seen = member(file, "observed");
  const facts = Object.fromEntries((Object.keys(PRESENT) as FactName[]).map((name) => [name, fact(name, member(seen, name))]));
  const beside = (name: string, more: Fields = {}): Schema => {
    const there = member(seen, name);
    return object({ issuer: fact("issuer", member(there, "issuer")), tokens: fact("tokens", member(there, "tokens")), ...more });
  };
  const former = beside("former", { uncertainAt: date });
  const next = beside("next", { owner: fact("owner", member(member(seen, "next"), "owner")) });
  const observed = object({ ...facts, former, next, hand, held: flag, taken: count, uncertainAt: date, refused: words, unrenderable: flag, trial: flag, said, alone: flag });
  return object({ desired: desired(member(member(file, "desired"), "kind")), observed, now: date }, ["desired", "now"]);
}
