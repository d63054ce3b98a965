// A token that exists, as `pulumi import --file` takes it in: inputs, outputs and record as if the provider had issued
// it. Where its secret is not known the value is missing, and the next update issues a successor by the usual rules.
import { createHash } from "node:crypto";
import { DAY } from "../core/duration.ts";
import type { Remote } from "../core/observed.ts";
import type { Entry, Record } from "../core/record.ts";
import type { SecretValue } from "../core/secret-value.ts";
import { PERSONAL_TOKEN, SERVICE_TOKEN, type Contract } from "./contract.ts";
import type { TokenKind } from "./deployment.ts";
import { kept, wanted, type Outputs } from "./desired.ts";
import type { Inputs } from "./inputs.ts";
import { outputsOf } from "./outputs.ts";
import { foresee, sceneOf } from "./scene.ts";
import type { Session } from "./session.ts";

export interface Subject {
  readonly kind: TokenKind;
  /** The resource's name in the program, and the mark that goes with it. */
  readonly name: string;
  readonly mark: string;
}

/** What a program has to say for the resource to stay unchanged, beside the resource's name. */
export interface Spoken {
  readonly serviceUser?: { readonly id: number };
  readonly tokenName?: string;
  readonly expiresInDays?: number;
  readonly neverExpires?: boolean;
  readonly scimEndpointsOnly?: boolean;
  /** As they are written in both fronts; what is at its default is left out. */
  readonly rotation?: unknown;
  readonly onExternalChange?: unknown;
  readonly deletionPolicy?: unknown;
}

export interface Taken {
  readonly subject: Subject;
  readonly spoken: Spoken;
  readonly inputs: Inputs;
  readonly record: Record;
  readonly token: SecretValue | null;
}

const USUAL_DAYS = 90;

/** Whole days; the API cuts its dates to seconds. */
const lifetime = ({ created, expires }: Remote): number | null => (expires === null ? null : Math.max(1, Math.round((expires - created) / DAY)));

const contractOf = (kind: TokenKind): Contract => (kind === "ServiceToken" ? SERVICE_TOKEN : PERSONAL_TOKEN);

export interface Holding {
  readonly remote: Remote;
  readonly scim: boolean;
  /** null: nobody has shown that they hold it. */
  readonly value: SecretValue | null;
  /** Later uses are a consumer's; ours is the last one that the list shows. */
  readonly now: number;
}

export function take(subject: Subject, { remote, scim, value, now }: Holding, issuer: Record["issuer"]): Taken {
  const days = lifetime(remote);
  const spoken: Spoken = {
    ...(subject.kind === "ServiceToken" ? { serviceUser: { id: remote.owner } } : {}),
    ...(remote.name === subject.name ? {} : { tokenName: remote.name }),
    ...(days === null ? { neverExpires: true } : days === USUAL_DAYS ? {} : { expiresInDays: days }),
    ...(scim ? { scimEndpointsOnly: true } : {}),
  };
  const entry: Entry = {
    number: 1,
    id: remote.id,
    name: remote.name,
    created: remote.created,
    expires: remote.expires,
    deliveredAt: value === null ? null : now,
    usedAfter: Math.max(remote.created, value === null ? 0 : (remote.lastUsed ?? 0)),
    sha256: value === null ? null : createHash("sha256").update(value.reveal()).digest("hex"),
    inputs: { owner: remote.owner, base: remote.name, days, scim, rotate: "" },
  };
  return taken(subject, { spoken, record: { mark: subject.mark, issuer, current: 1, fence: 1, revisions: [entry] }, token: value });
}

/** A token that another front owned: what its spec said, and its record under the new mark. */
export function takeOver(subject: Subject, from: { readonly record: Record; readonly token: SecretValue; readonly spec: Outputs }, issuer: Record["issuer"]): Taken {
  const { record, token, spec } = from;
  const current = record.revisions.find(({ number }) => number === record.current);
  const { base = subject.name, days = null, scim = false, owner = 0 } = current?.inputs ?? {};
  const spoken: Spoken = {
    serviceUser: { id: owner },
    ...(base === subject.name ? {} : { tokenName: base }),
    ...(days === null ? { neverExpires: true } : days === USUAL_DAYS ? {} : { expiresInDays: days }),
    ...(scim ? { scimEndpointsOnly: true } : {}),
    ...kept(spec),
  };
  return taken(subject, { spoken, record: { ...record, mark: subject.mark, issuer, revisions: record.revisions.map(unasked) }, token });
}

/** The program names no trigger yet, and nobody is restarted by Pulumi. */
const unasked = ({ restart: _, ...entry }: Entry): Entry => ({ ...entry, inputs: { ...entry.inputs, rotate: "" } });

function taken(subject: Subject, { spoken, record, token }: Pick<Taken, "spoken" | "record" | "token">): Taken {
  const { tokenName, ...rest } = spoken;
  const inputs = { ...rest, baseName: tokenName ?? subject.name, self: subject.mark, __provider: contractOf(subject.kind).provider };
  return { subject, spoken, inputs, record, token };
}

/** As the engine's wire has secrets; the import file holds the value as JSON text beside it. */
const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

/** One entry of the import file. The only place besides the outputs where a value is written into text. */
export async function importEntry(opened: Session, at: Taken): Promise<object> {
  const { subject, inputs, record, token } = at;
  await opened.issuer.tokens(subject.kind === "ServiceToken" ? "service" : "personal").refresh(0);
  const scene = sceneOf(opened, wanted(subject, inputs, record), { token, record }, inputs["serviceUser"]);
  const { situation, plan } = await foresee(scene);
  const outputs: Outputs = outputsOf({ situation, target: scene.target, next: plan.nextAction, inputs });
  const { token: plain, ...shown } = outputs;
  return {
    type: contractOf(subject.kind).type,
    name: subject.name,
    id: subject.mark,
    inputs,
    outputs: { ...shown, ...(plain === undefined ? {} : { token: { ...SECRET, plaintext: JSON.stringify(plain) } }) },
  };
}

/** The lines that the program needs. */
export function programOf({ subject, spoken }: Taken): string {
  const args = Object.keys(spoken).length === 0 && subject.kind === "PersonalToken" ? "" : `, ${written(spoken)}`;
  return `new ${subject.kind}(${JSON.stringify(subject.name)}${args});`;
}

function written(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value).map(([name, item]) => `${name}: ${written(item)}`).join(", ")} }`;
}
