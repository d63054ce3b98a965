// One session per process: one client, one token list, one list of service users for all resources of an operation.
import { readFile } from "node:fs/promises";
import { isKind } from "../core/error.ts";
import { createTokenApi } from "../tokenapi/client.ts";
import { IssuerSession } from "../tokenapi/issuer.ts";
import { checkCredential, findCredentials, refusal, type Credentials, type Settings } from "./credentials.ts";
import { ProviderError, sentence } from "./failure.ts";
import { whileRunning } from "./stop.ts";

let config: Settings["config"] = () => undefined;
let namespace: string | undefined;
let opening: Promise<Session> | null = null;
let signals: () => AbortSignal | null = () => null;

export interface Session {
  readonly issuer: IssuerSession;
  readonly credentials: Credentials;
  /** What ends the operation that runs where this is asked; null: nothing does. */
  readonly signal?: () => AbortSignal | null;
  readonly close?: () => Promise<void>;
}

/** Takes the stack's configuration: the SDK calls this before any handler. */
export function configure(get: Settings["config"], keys?: string): void {
  config = get;
  namespace = keys;
}

/** A shell that can be cancelled says by which signal, asked when an operation begins. */
export function stopBy(find: () => AbortSignal | null): void {
  signals = find;
}

/** Waits for what only looks, no longer than the operation that runs here lasts. */
export const looking = <T>(work: Promise<T>): Promise<T> => whileRunning(signals(), work);

/** The session; opened by whoever comes first. Throws ProviderError where the credential is at fault, else what the client throws. */
export function session(): Promise<Session> {
  opening ??= open().catch((error: unknown) => {
    opening = null;
    throw error;
  });
  return opening;
}

/** Closes the client, whose idle connections would keep a program from ending. */
export async function endSession(): Promise<void> {
  const ended = opening;
  opening = null;
  const opened = await ended?.catch(() => null);
  await opened?.close?.();
}

async function sound(): Promise<Credentials> {
  const credentials = findCredentials({ config, env: process.env, ...(namespace === undefined ? {} : { namespace }) });
  await checkCredential(credentials, Date.now());
  return credentials;
}

/** What is wrong with the credential, as far as it can be told without the API; null: nothing is. */
export const credentialProblem = (): Promise<string | null> => sound().then(() => null, sentence);

async function open(): Promise<Session> {
  const credentials = await sound();
  try {
    const caBundle = await authorities(process.env["QUALYTICS_CA_FILE"] ?? config("qualytics:caFile"));
    const api = createTokenApi({ url: credentials.url, token: credentials.token, timeout: patience(process.env["QUALYTICS_TIMEOUT"]), ...(caBundle === null ? {} : { caBundle }) });
    // Nobody here lists by a clock: a list is sent when a decision needs one.
    const issuer = await IssuerSession.open(api, { url: credentials.url, resyncInterval: 0 });
    return { issuer, credentials, signal: () => signals(), close: () => api.close() };
  } catch (error) {
    throw explained(error, credentials);
  }
}

async function authorities(file: string | undefined): Promise<string | null> {
  if (file === undefined || file === "") return null;
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new ProviderError(`The certificates in ${file} (QUALYTICS_CA_FILE, or qualytics:caFile in the stack configuration) cannot be read.`, { cause: error });
  }
}

/** Seconds, as the vendor's command line has it. */
function patience(written: string | undefined): number {
  const seconds = Number(written ?? "");
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : 30_000;
}

/** Waits for what asks the API; where the credential is refused, it is said where it came from. */
export async function explaining<T>({ credentials }: Session, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw explained(error, credentials);
  }
}

/** The error with the origin of the credential, where the credential is what was refused. */
export function explained(error: unknown, { origin }: Pick<Credentials, "origin">): unknown {
  return isKind(error, "denied") ? new ProviderError(refusal(sentence(error), origin), { cause: error }) : error;
}
