// One session per process: one client, one token list, one list of service users for all resources of an operation.
import { isKind } from "../core/error.ts";
import { createTokenApi } from "../tokenapi/client.ts";
import { IssuerSession } from "../tokenapi/issuer.ts";
import { checkCredential, findCredentials, refusal, type Credentials, type Settings } from "./credentials.ts";
import { ProviderError, sentence } from "./failure.ts";

let config: Settings["config"] = () => undefined;
let opening: Promise<Session> | null = null;

export interface Session {
  readonly issuer: IssuerSession;
  readonly credentials: Credentials;
}

/** Takes the stack's configuration: the SDK calls this before any handler. */
export function configure(get: Settings["config"]): void {
  config = get;
}

/** The session; opened by whoever comes first. Throws ProviderError where the credential is at fault, else what the client throws. */
export function session(): Promise<Session> {
  opening ??= open().catch((error: unknown) => {
    opening = null;
    throw error;
  });
  return opening;
}

async function open(): Promise<Session> {
  const credentials = findCredentials({ config, env: process.env });
  await checkCredential(credentials, Date.now());
  try {
    const api = createTokenApi({ url: credentials.url, token: credentials.token, timeout: patience(process.env["QUALYTICS_TIMEOUT"]) });
    // Nobody here lists by a clock: a list is sent when a decision needs one.
    const issuer = await IssuerSession.open(api, { url: credentials.url, resyncInterval: 0 });
    return { issuer, credentials };
  } catch (error) {
    throw explained(error, credentials);
  }
}

/** Seconds, as the vendor's command line has it. */
function patience(written: string | undefined): number {
  const seconds = Number(written ?? "");
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : 30_000;
}

/** The error with the origin of the credential, where the credential is what was refused. */
export function explained(error: unknown, { origin }: Pick<Credentials, "origin">): unknown {
  return isKind(error, "denied") ? new ProviderError(refusal(sentence(error), origin), { cause: error }) : error;
}
