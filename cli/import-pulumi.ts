// `servicetokens import pulumi`: writes the file with which `pulumi import` takes in tokens that exist. A secret that
// the person has goes along once it was proved by using it; the others are renewed by the next update, with overlap.
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseName } from "../core/name.ts";
import type { Remote } from "../core/observed.ts";
import { SecretValue } from "../core/secret-value.ts";
import { isSame } from "../core/situation.ts";
import { PERSONAL_TOKEN, SERVICE_TOKEN } from "../provider/contract.ts";
import type { Deployment, StackToken, TokenKind } from "../provider/deployment.ts";
import { importEntry, programOf, take, type Subject, type Taken } from "../provider/importing.ts";
import { explaining, session, type Session } from "../provider/session.ts";
import type { IssuerSession } from "../tokenapi/issuer.ts";
import { prove } from "../tokenapi/possession.ts";
import { benchFor } from "./proving.ts";
import { UsageError } from "./failure.ts";
import { readJson } from "./json.ts";
import { findStack, markIn, placeOf, readState, useConfiguration, type Stack, type StackFlags } from "./stack.ts";

export interface ImportFlags extends StackFlags {
  readonly serviceUser?: string;
  readonly tokenName?: readonly string[];
  readonly tokenId?: readonly string[];
  readonly personal: boolean;
  readonly secrets?: string;
  readonly out: string;
}

export async function importPulumi(flags: ImportFlags): Promise<void> {
  const secrets = flags.secrets === undefined ? new Map<string, SecretValue>() : readSecrets(flags.secrets);
  refuseTaken(flags.out);
  const stack = await findStack(flags);
  await useConfiguration(placeOf(flags));
  const opened = await session();
  const kind: TokenKind = flags.personal ? "PersonalToken" : "ServiceToken";
  const state = await readState(stack);
  const { tokens, owned } = await explaining(opened, choose(opened, { flags, kind, state }));
  known(secrets, tokens);
  const taken: Taken[] = [];
  for (const { remote, subject } of subjects(stack, state, { tokens, kind })) {
    const value = secrets.get(String(remote.id)) ?? secrets.get(remote.name) ?? null;
    const proof = value === null ? { token: remote, scim: false } : await prove(benchFor(opened, kind), remote, value);
    const now = Date.now() + opened.issuer.api.clockOffset;
    taken.push(take(subject, { remote: proof.token, scim: proof.scim, value, now }, { url: opened.issuer.url, userId: opened.issuer.userId }));
  }
  const resources: object[] = [];
  for (const one of taken) resources.push(await importEntry(opened, one));
  write(flags.out, `${JSON.stringify({ resources }, null, 2)}\n`);
  process.stdout.write(told(taken, owned, flags.out));
}

function refuseTaken(out: string): void {
  const there = statSync(out, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw new UsageError(`${out} is a folder: name a file in it, as in --out ${join(out, "import.json")}`);
  if (there) throw new UsageError(`there is a ${out} already, and it may hold secrets: remove it, or name another file with --out`);
}

/** For its owner's eyes only, and never over another file. */
function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    throw new UsageError(`${file} cannot be written (${(error as NodeJS.ErrnoException).code ?? "unknown"}): name another file with --out`);
  }
}

/** `{"<id or name of a token>": "<its secret>"}`; "-" is standard input. */
function readSecrets(file: string): Map<string, SecretValue> {
  const where = file === "-" ? "standard input" : file;
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch {
    throw new UsageError(`--secrets: ${where} cannot be read`);
  }
  const read = readJson(text);
  // What stands there is never repeated.
  if (!("value" in read)) throw new UsageError(`--secrets: ${where}:${read.line}:${read.column} is not JSON as in {"12": "the secret of token 12"}`);
  const { value } = read;
  if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.values(value).every((secret) => typeof secret === "string" && secret !== "")) {
    throw new UsageError(`--secrets: ${where} has to hold an object as in {"12": "the secret of token 12"}`);
  }
  return new Map(Object.entries(value as { [key: string]: string }).map(([key, secret]) => [key, new SecretValue(secret)]));
}

/** A secret that goes with no token is a typing error. */
function known(secrets: ReadonlyMap<string, SecretValue>, tokens: readonly Remote[]): void {
  for (const key of secrets.keys()) {
    if (!tokens.some(({ id, name }) => String(id) === key || name === key)) throw new UsageError(`--secrets: there is no token ${JSON.stringify(key)} among those to import`);
  }
}

interface Choice {
  readonly tokens: readonly Remote[];
  /** Left out, since a resource owns them. */
  readonly owned: readonly Remote[];
}

async function choose({ issuer }: Session, { flags, kind, state }: { flags: ImportFlags; kind: TokenKind; state: Deployment }): Promise<Choice> {
  const { serviceUser, tokenName = [], tokenId = [], personal } = flags;
  if (personal === (serviceUser !== undefined)) throw new UsageError("name the owner: either --service-user NAME, or --personal for tokens of the credential's own user");
  const owner = serviceUser === undefined ? issuer.userId : await userId(issuer, serviceUser);
  const all = (await issuer.api.tokens(kind === "ServiceToken" ? "service" : "personal")).filter((token) => token.owner === owner);
  const wants = [...tokenName.map((name) => ({ word: name, is: (token: Remote) => token.name === name })), ...tokenId.map((id) => ({ word: id, is: (token: Remote) => String(token.id) === id }))];
  const now = Date.now() + issuer.api.clockOffset;
  if (wants.length > 0) {
    const chosen = wants.map(({ word, is }) => found(all.find(is), word));
    for (const token of chosen) refuseForeign(token, now);
    return { tokens: [...new Set(chosen)], owned: [] };
  }
  const valid = all.filter((token) => isValid(token, now));
  const tokens = valid.filter((token) => parseName(token.name) === null && !ownerIn(state, token));
  const owned = valid.filter((token) => !tokens.includes(token));
  if (tokens.length === 0) throw new UsageError(`there is no active token of that owner${owned.length > 0 ? ` that no resource owns; those of resources: ${namesOf(owned)}` : ""}`);
  return { tokens, owned };
}

const isValid = ({ active, expires }: Remote, now: number): boolean => active && (expires === null || expires > now);
const namesOf = (tokens: readonly Remote[]): string => tokens.map(({ name }) => name).join(", ");

function found(token: Remote | undefined, word: string): Remote {
  if (!token) throw new UsageError(`that owner has no token ${JSON.stringify(word)}`);
  return token;
}

function refuseForeign(token: Remote, now: number): void {
  const { name, active } = token;
  if (parseName(name) !== null) throw new UsageError(`the token ${name} bears the mark of a resource: servicetokens handover moves it, and servicetokens sweep clears what nobody owns`);
  if (!isValid(token, now)) throw new UsageError(`the token ${name} is ${active ? "expired" : "revoked"}: there is nothing to import`);
}

async function userId(issuer: IssuerSession, name: string): Promise<number> {
  await issuer.users.refresh(Number.NEGATIVE_INFINITY);
  const user = issuer.users.user({ name });
  if (!user) throw new UsageError(`there is no service user named ${JSON.stringify(name)}`);
  return user.id;
}

/** What was imported keeps its foreign name: the record tells whose it is. */
const ownerIn = ({ tokens }: Deployment, remote: Remote): StackToken | undefined => tokens.find(({ record }) => record?.revisions.some((entry) => isSame(remote, entry)));

/** A name in the program, and the mark that goes with it, for each; refuses what the stack has already. */
function subjects(stack: Stack, deployment: Deployment, { tokens, kind }: { tokens: readonly Remote[]; kind: TokenKind }): { remote: Remote; subject: Subject }[] {
  const type = (kind === "ServiceToken" ? SERVICE_TOKEN : PERSONAL_TOKEN).type;
  const urnOf = (name: string): string => `urn:pulumi:${stack.name}::${stack.project}::${type}::${name}`;
  const names = new Set(deployment.tokens.map(({ urn }) => urn));
  return tokens.map((remote) => {
    const owner = ownerIn(deployment, remote);
    if (owner) throw new UsageError(`the token ${remote.name} is this stack's already: ${owner.urn}`);
    const plain = remote.name.normalize("NFC").replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^-+|-+$/g, "") || `token-${remote.id}`;
    let name = plain;
    for (let number = 2; names.has(urnOf(name)); number++) name = `${plain}-${number}`;
    names.add(urnOf(name));
    return { remote, subject: { kind, name, mark: markIn(stack, urnOf(name)) } };
  });
}

function told(taken: readonly Taken[], owned: readonly Remote[], out: string): string {
  const proved = taken.filter(({ token }) => token !== null);
  const others = taken.filter(({ token }) => token === null);
  return `${[
    `${out} takes in ${taken.length} token${taken.length === 1 ? "" : "s"}.`,
    ...(proved.length > 0 ? [`Proved by use, kept as they are: ${proved.map(({ subject }) => subject.name).join(", ")}. The file holds their secrets: remove it when they are imported.`] : []),
    ...(others.length > 0 ? [`Without their secrets: ${others.map(({ subject }) => subject.name).join(", ")}. The next pulumi up issues their successors; the old ones retire by the usual rules.`] : []),
    ...(owned.length > 0 ? [`Left out, since resources own them: ${namesOf(owned)}.`] : []),
    "",
    `  pulumi import --file ${out} --generate-code=false --protect=false --yes`,
    "",
    "and in the program:",
    "",
    ...taken.map((one) => `  ${programOf(one)}`),
  ].join("\n")}\n`;
}
