// The facts of an explain file, each with what it is when it is left out: a resource to which nothing has happened.
// One monotonic clock is needed; it is the dates themselves, so that they can be written as dates.
import type { Desired } from "./desired.ts";
import { DAY, duration, SECOND } from "./duration.ts";
import { instant, isArray, recordForm } from "./explain-form.ts";
import type { ElsewhereForm, HandForm, InputsForm, IssuerForm, ListedForm, ObservedForm, RevisionForm, TokensForm, Unseen } from "./explain-form.ts";
import { tokenName } from "./name.ts";
import { absent, present, unknown, type Copy, type Elsewhere, type Fact, type Hand, type Issuer, type Owner, type Policy, type Remote, type Rollout, type Tokens } from "./observed.ts";
import type { Reason } from "./reason.ts";
import type { Entry, IssueInputs, Record } from "./record.ts";
import type { TokenSpec } from "./spec.ts";

interface Context {
  readonly form: ObservedForm;
  readonly desired: Desired;
  readonly spec: TokenSpec;
  readonly now: number;
}

const SOMEBODY = 11;
const API = { url: "https://qualytics.example", userId: 1 };
const MESSAGES: { readonly [reason in Reason]?: string } = {
  IssuerNotReady: "The issuer could not be reached.",
  ServiceUserUnknown: "The service users could not be read.",
  TokensUnknown: "The token list could not be read.",
  CopyUnknown: "The delivered copy could not be read.",
  RestartBlocked: "The workloads could not be read.",
};

const isUnseen = (form: { readonly is?: string }): form is Unseen => form.is === "absent" || form.is === "unknown";

function unseen(form: Unseen, missing: string, reason: Reason): Fact<never> {
  if (form.is === "absent") return absent(form.message ?? missing);
  const why = form.reason ?? reason;
  return unknown(why, form.message ?? MESSAGES[why] ?? MESSAGES[reason] ?? "It is not known.");
}

/** The end of a lifetime of so many days. */
const endOf = (created: number, days: number | null): number | null => (days === null ? null : created + days * DAY);

/** "-90s" or "90s". */
const offset = (text: string): number => (text.startsWith("-") ? -duration(text.slice(1)) : duration(text));

const given = (date: string | undefined, otherwise: number): number => (date === undefined ? otherwise : instant(date));
const maybe = (date: string | null | undefined, otherwise: number | null): number | null => (date === undefined ? otherwise : date === null ? null : instant(date));

function policyOf({ maxExpiresInDays, allowNever, minOverlap, serviceUsers, refusal }: NonNullable<IssuerForm["policy"]>): Policy {
  return { maxDays: maxExpiresInDays ?? null, allowNever: allowNever ?? false, minOverlap: duration(minOverlap ?? "0s"), serviceUsers: serviceUsers ?? null, refusal: refusal ?? null };
}

export function issuerOf({ form }: Context): Fact<Issuer> {
  const issuer = form.issuer ?? {};
  if (isUnseen(issuer)) return unseen(issuer, "There is no such issuer.", "IssuerNotReady");
  const recorded = recordForm(form.copy)?.issuer ?? {};
  return present({
    url: issuer.url ?? recorded.url ?? API.url,
    userId: issuer.userId ?? recorded.userId ?? API.userId,
    clockOffset: offset(issuer.clockOffset ?? "0s"),
    resyncInterval: duration(issuer.resyncInterval ?? "60s"),
    policy: policyOf(issuer.policy ?? {}),
  });
}

export function ownerOf({ form, spec, desired }: Context): Fact<Owner> {
  const owner = form.owner ?? {};
  if (isUnseen(owner)) return unseen(owner, "There is no such service user.", "ServiceUserUnknown");
  const recorded = recordForm(form.copy)?.revisions?.at(-1)?.inputs?.owner;
  const own = desired.kind === "PersonalToken" ? API.userId : SOMEBODY;
  const id = owner.id ?? spec.serviceUser?.id ?? recorded ?? own;
  return present({ id, name: owner.name ?? spec.serviceUser?.name ?? `#${id}`, active: owner.active ?? true });
}

type Owned = Context & { readonly owner: Fact<Owner> };

function inputsOf({ desired, owner, spec }: Owned, form: InputsForm = {}): IssueInputs {
  return {
    owner: form.owner ?? (owner.is === "present" ? owner.value.id : (spec.serviceUser?.id ?? SOMEBODY)),
    base: form.base ?? desired.base,
    days: form.days === undefined ? desired.days : form.days,
    scim: form.scim ?? desired.scim,
    rotate: form.rotate ?? "",
  };
}

/** What every token has, where the form leaves it out. */
function tokenOf(desired: Desired, number: number, created: number, form: { readonly id?: number; readonly name?: string; readonly expires?: string | null; readonly inputs?: InputsForm }): { id: number; name: string; created: number; expires: number | null } {
  const days = form.inputs?.days === undefined ? desired.days : form.inputs.days;
  return {
    id: form.id ?? 100 + number,
    name: form.name ?? tokenName(form.inputs?.base ?? desired.base, desired.mark, number),
    created,
    expires: maybe(form.expires, endOf(created, days)),
  };
}

function entryOf(context: Owned, form: RevisionForm): Entry {
  const created = instant(form.created);
  return {
    number: form.number,
    ...tokenOf(context.desired, form.number, created, form),
    deliveredAt: maybe(form.deliveredAt, created),
    usedAfter: given(form.usedAfter, created + 2 * SECOND),
    sha256: form.sha256 === undefined ? `sha256-of-revision-${form.number}` : form.sha256,
    inputs: inputsOf(context, form.inputs),
    ...(form.revoked ? { revoked: { at: instant(form.revoked.at), why: form.revoked.why, done: form.revoked.done ?? true } } : {}),
    ...(form.restart === undefined ? {} : { restart: form.restart === "due" ? "due" : instant(form.restart) }),
    ...(form.retiringSince === undefined ? {} : { retiringSince: instant(form.retiringSince) }),
    ...(form.kept ? { kept: true } : {}),
    ...(form.former ? { former: true } : {}),
  };
}

export function recordOf(context: Owned & { readonly issuer: Fact<Issuer> }): Record | null {
  const form = recordForm(context.form.copy);
  if (!form) return null;
  const revisions = (form.revisions ?? []).map((revision) => entryOf(context, revision)).sort((a, b) => a.number - b.number);
  const { url, userId } = context.issuer.is === "present" ? context.issuer.value : API;
  const newest = revisions.at(-1)?.number ?? null;
  return {
    mark: form.mark ?? context.desired.mark,
    issuer: { url, userId, ...form.issuer },
    ...(form.former ? { former: { ...form.former, since: instant(form.former.since) } } : {}),
    current: form.current === undefined ? newest : form.current,
    fence: form.fence ?? newest ?? 0,
    revisions,
    ...(form.others?.length ? { others: form.others } : {}),
  };
}

export function handOf(context: Owned, form: HandForm): Hand {
  const created = given(form.created, context.now);
  return {
    number: form.number,
    ...tokenOf(context.desired, form.number, created, form),
    sha256: form.sha256 ?? `sha256-of-revision-${form.number}`,
    inputs: inputsOf(context, form.inputs),
    verified: form.verified ?? false,
    usedAfter: given(form.usedAfter, created + 2 * SECOND),
    failures: form.failures ?? 0,
    failure: form.failure ?? null,
  };
}

/** When the list was asked for, where nothing else is said: shortly before now, so that the copy was read after it. */
const sentAt = ({ form, now }: Context): number =>
  form.tokens && !isArray(form.tokens) && form.tokens.is !== "unknown" ? given(form.tokens.sentAt, now - 2 * SECOND) : now - 2 * SECOND;

export function tokensOf(context: Owned, record: Record | null, hand: Hand | null): Fact<Tokens> {
  const form: TokensForm | Unseen = !context.form.tokens ? {} : isArray(context.form.tokens) ? { list: context.form.tokens } : context.form.tokens;
  if (isUnseen(form)) return unseen(form, "", "TokensUnknown");
  const known = [...(record?.revisions ?? []), ...(hand ? [hand] : [])];
  const sent = sentAt(context);
  const ids = (numbers: readonly number[] = []): number[] => numbers.map((number) => known.find((entry) => entry.number === number)?.id ?? 100 + number);
  const tokens = form.list?.map((token) => remoteOf(context, token, known)) ?? known.map(recorded);
  const earlier = form.earlier ? { sentAt: instant(form.earlier.sentAt), ids: ids(form.earlier.revisions) } : null;
  return present({ sentAt: sent, doneAt: Math.min(sent + SECOND / 10, Math.max(sent, context.now)), at: sent, tokens, earlier, deleted: ids(form.deleted) });
}

/** A token as the record has it, in a list that agrees. */
const recorded = (entry: Entry | Hand): Remote => ({
  id: entry.id,
  name: entry.name,
  created: entry.created,
  expires: entry.expires,
  active: !("revoked" in entry && entry.revoked?.done),
  lastUsed: null,
  owner: entry.inputs.owner,
});

function remoteOf(context: Owned, form: ListedForm, known: readonly (Entry | Hand)[]): Remote {
  const entry = known.find((candidate) => (form.revision === undefined ? candidate.name === form.name : candidate.number === form.revision));
  const created = given(form.created, entry?.created ?? context.now);
  const fresh = tokenOf(context.desired, form.revision ?? 0, created, form);
  return {
    id: form.id ?? entry?.id ?? fresh.id,
    name: form.name ?? entry?.name ?? fresh.name,
    created,
    expires: maybe(form.expires, entry ? entry.expires : fresh.expires),
    active: form.active ?? true,
    lastUsed: maybe(form.lastUsed, null),
    owner: form.owner ?? entry?.inputs.owner ?? inputsOf(context).owner,
  };
}

/** null: not looked at. */
export function rolloutOf({ form, now }: Context, record: Record | null): Fact<Rollout> | null {
  const { rollout } = form;
  if (rollout === undefined) return null;
  if (isUnseen(rollout)) return unseen(rollout, "None of the workloads that spec.restart names exist.", "RestartBlocked");
  const revision = rollout.revision ?? record?.current ?? 0;
  return present({
    readAt: given(rollout.readAt, now),
    revision,
    created: record?.revisions.find(({ number }) => number === revision)?.created ?? 0,
    asked: rollout.asked ?? true,
    complete: rollout.complete ?? false,
    waits: rollout.waits ?? null,
    missing: rollout.missing ?? [],
  });
}

/** An issuer beside the one at home: as the record has it, where the form says nothing else. */
export function elsewhereOf(context: Owned, form: ElsewhereForm, recorded: { readonly url: string; readonly userId: number } | null, record: Record | null): Elsewhere {
  const { tokens, issuer = {} } = form;
  const there: ObservedForm = { ...context.form, ...(tokens === undefined ? { tokens: [] } : { tokens }), issuer: isUnseen(issuer) ? issuer : { ...recorded, ...issuer } };
  const shown: ObservedForm = tokens === undefined && record ? { ...there, tokens: {} } : there;
  return { issuer: issuerOf({ ...context, form: there }), tokens: tokensOf({ ...context, form: shown }, record, null) };
}

export function copyOf(context: Context, record: Record | null): Fact<Copy> {
  const form = context.form.copy ?? { is: "absent" };
  const sent = sentAt(context);
  const nothing: Copy = { readAt: context.now - SECOND, doneAt: sent - SECOND, place: "none", record: null, value: "missing", look: null, writable: true, exclusive: false };
  if (form.is === "absent") return present(nothing);
  if (form.is === "unknown") return unseen(form, "", "CopyUnknown");
  return present({
    ...nothing,
    readAt: given(form.readAt, nothing.readAt),
    doneAt: given(form.knownSince, sent - SECOND),
    place: form.place ?? "ours",
    ...(form.foreign === undefined ? {} : { foreign: form.foreign }),
    record,
    value: form.value ?? (typeof record?.current === "number" ? "intact" : "missing"),
    look: form.looks ?? context.desired.look,
    writable: form.unwritable ?? (form.writable === false ? null : true),
    exclusive: form.exclusive ?? false,
    unsaved: form.unsaved ?? false,
  });
}
