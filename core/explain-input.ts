// From the file that `servicetokens explain` reads, once its shape is right (explain-schema.ts), to what the engine reads.
// What is left out is as in a resource to which nothing has happened, so that a file says only what is special.
import type { Desired } from "./desired.ts";
import { copyOf, elsewhereOf, handOf, issuerOf, ownerOf, recordOf, rolloutOf, tokensOf } from "./explain-facts.ts";
import { instant, isArray, recordForm, type CaseForm, type ListedForm, type ObservedForm } from "./explain-form.ts";
import { markOf } from "./name.ts";
import type { Observed } from "./observed.ts";
import { problems, resolve, restartWords, type Problem } from "./spec.ts";

/** What plan() is asked. */
export interface Case {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly now: number;
}

/** What is wrong with a file whose shape is right: rules between fields. */
export function caseProblems(form: CaseForm): Problem[] {
  const { mark, scope, spec = {} } = form.desired;
  const found = problems(spec).map(({ path, message }) => ({ path: `desired.spec.${path}`, message }));
  if (mark !== undefined && scope !== undefined) found.push({ path: "desired.scope", message: "scope and mark exclude each other: a mark is made of the scope" });
  return [...found, ...listProblems(form.observed ?? {})];
}

function listProblems({ tokens, copy, hand }: ObservedForm): Problem[] {
  if (!tokens || (!isArray(tokens) && tokens.is === "unknown")) return [];
  const known = new Set([...(recordForm(copy)?.revisions ?? []).map(({ number }) => number), ...(hand ? [hand.number] : [])]);
  const place = isArray(tokens) ? "observed.tokens" : "observed.tokens.list";
  return (isArray(tokens) ? tokens : (tokens.list ?? [])).flatMap((token, index): Problem[] => {
    const path = `${place}[${index}]`;
    if (token.revision === undefined && token.name === undefined) return [{ path, message: "say which token this is: by revision, a number, or by name" }];
    if (token.created !== undefined || (token.revision !== undefined && known.has(token.revision))) return [];
    return [{ path: `${path}.created`, message: "is missing, and the record has no such revision to take it from" }];
  });
}

/** What the engine is asked; the form has passed the schema and caseProblems. */
export function toCase(form: CaseForm): Case {
  const now = instant(form.now);
  const { copy, hand } = form.observed ?? {};
  const dates = [...(recordForm(copy)?.revisions ?? []).map(({ created }) => instant(created)), ...listed(form.observed).flatMap(({ created }) => (created === undefined ? [] : [instant(created)]))];
  const desired = desire(form, Math.min(now, ...dates));
  const context = { form: form.observed ?? {}, desired, now, spec: form.desired.spec ?? {} };
  const owner = ownerOf(context);
  const issuer = issuerOf(context);
  const record = recordOf({ ...context, owner, issuer });
  const inHand = hand === undefined ? null : handOf({ ...context, owner }, hand);
  const rollout = rolloutOf(context, record);
  const { held = true, taken = 0, uncertainAt, refused = null, unrenderable = false, trial = false, said, alone = true } = context.form;
  const observed: Observed = {
    issuer,
    owner,
    tokens: tokensOf({ ...context, owner }, record && { ...record, revisions: record.revisions.filter((entry) => !entry.former) }, inHand),
    ...besideOf({ ...context, owner }, record),
    copy: copyOf(context, record),
    hand: inHand,
    held,
    taken,
    uncertainAt: uncertainAt === undefined ? null : instant(uncertainAt),
    refused,
    unrenderable: unrenderable ? desired.look : null,
    trial,
    said: said === undefined ? null : { message: `It was said to be ${said.reason}.`, ...said },
    ...(rollout ? { rollout } : {}),
    alone,
    monotonic: now,
  };
  return { desired, observed, now };
}

/** The issuers beside the one at home, where the file names them. */
function besideOf(context: Parameters<typeof elsewhereOf>[0], record: Parameters<typeof elsewhereOf>[3]): Pick<Observed, "former" | "next"> {
  const { form } = context;
  const { former, next } = form;
  const there = record && { ...record, revisions: record.revisions.filter((entry) => entry.former) };
  return {
    ...(former ? { former: { ...elsewhereOf(context, former, record?.former ?? null, there), uncertainAt: former.uncertainAt === undefined ? null : instant(former.uncertainAt) } } : {}),
    ...(next ? { next: { ...elsewhereOf(context, next, null, null), owner: ownerOf({ ...context, form: { ...form, owner: next.owner ?? {} } }) } } : {}),
  };
}

function listed({ tokens }: ObservedForm = {}): readonly ListedForm[] {
  if (!tokens || (!isArray(tokens) && tokens.is === "unknown")) return [];
  return isArray(tokens) ? tokens : (tokens.list ?? []);
}

const named = (issuerRef: string | undefined): Pick<Desired, "issuerRef"> => (issuerRef === undefined ? {} : { issuerRef });

function desire({ desired, observed }: CaseForm, earliest: number): Desired {
  const { kind = "ServiceToken", resource = "default/example", scope = "example", annotations = {}, spec = {} } = desired;
  const front = {
    kind,
    resource,
    ...named(desired.issuerRef),
    mark: desired.mark ?? (desired.scope === undefined ? recordForm(observed?.copy)?.mark : undefined) ?? markOf(scope, `${kind}/${resource}`),
    defaultBase: resource.replaceAll("/", "-"),
    since: desired.since === undefined ? earliest : instant(desired.since),
    rotate: annotations.rotate ?? "",
    compromised: annotations.compromised ?? null,
    rollback: annotations.rollback ?? null,
    paused: annotations.paused ?? false,
    deleting: desired.deleting ?? false,
    abandon: annotations.abandon ?? false,
    look: "right",
    restart: restartWords(spec),
  };
  return resolve(spec, front);
}
