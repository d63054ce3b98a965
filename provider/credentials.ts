// Which instance, and with what right: the environment before a file before a command before the stack's configuration. The engine
// hands refresh and destroy the configuration as it was at the last update, so what can be renewed without one
// comes first, and every refusal says where the refused token came from.
import { readFile } from "node:fs/promises";
import { LifecycleError } from "../core/error.ts";
import { formatInstant } from "../core/instant.ts";
import { SecretValue } from "../core/secret-value.ts";
import { apiAddress } from "../tokenapi/address.ts";
import { expiryOf, readCredential, type Credential } from "../tokenapi/credential.ts";
import { ProviderError, sentence } from "./failure.ts";
import { COMMAND_FAILED, tokenFrom } from "./token-command.ts";

export interface Settings {
  /** The stack's configuration: "qualytics:url" and so on. */
  readonly config: (key: string) => string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How the configuration's keys begin, where it is not "qualytics": in sentences for people. */
  readonly namespace?: string;
}

export interface Credentials {
  /** As records name it: the same instance is always the same text. */
  readonly url: string;
  readonly token: Credential;
  /** Where the token came from and how to renew it: completes "…". */
  readonly origin: Origin;
}

export interface Origin {
  readonly where: string;
  readonly remedy: string;
}

const ENVIRONMENT: Origin = {
  where: "the environment variable QUALYTICS_TOKEN",
  remedy: "put a valid token of an administrator there",
};
const FILE: Origin = {
  where: "the file that QUALYTICS_TOKEN_FILE names",
  remedy: "put a valid token of an administrator there",
};
const COMMAND: Origin = {
  where: "the command in QUALYTICS_TOKEN_COMMAND",
  remedy: "make it print a valid token of an administrator",
};
const CONFIG: Origin = {
  where: "the stack configuration (qualytics:token)",
  remedy:
    'set a valid token of an administrator with "pulumi config set --secret qualytics:token"; refresh and destroy use the configuration of the last update, so run them with --run-program, or set QUALYTICS_URL and QUALYTICS_TOKEN',
};

const MISSING =
  'There is no credential for the token API: set QUALYTICS_URL and QUALYTICS_TOKEN (or QUALYTICS_TOKEN_FILE, or QUALYTICS_TOKEN_COMMAND) in the environment, or run "pulumi config set qualytics:url https://your-company.qualytics.io" and "pulumi config set --secret qualytics:token". What was set in the stack configuration since the last update reaches refresh and destroy only with --run-program.';

const given = (value: string | undefined): string | undefined => (value === undefined || value.trim() === "" ? undefined : value.trim());

/** Throws ProviderError with what to do. */
export function findCredentials(settings: Settings): Credentials {
  const { namespace = "qualytics" } = settings;
  const named = (text: string): string => text.replaceAll("qualytics:", `${namespace}:`);
  try {
    const found = find(settings);
    return { ...found, origin: { where: named(found.origin.where), remedy: named(found.origin.remedy) } };
  } catch (error) {
    throw error instanceof ProviderError ? new ProviderError(named(error.message), { cause: error }) : error;
  }
}

function find({ config, env }: Settings): Credentials {
  const variable = given(env["QUALYTICS_TOKEN"]);
  const file = given(env["QUALYTICS_TOKEN_FILE"]);
  const command = given(env["QUALYTICS_TOKEN_COMMAND"]);
  const urls = { env: given(env["QUALYTICS_URL"]), config: given(config("qualytics:url")) };
  if (variable !== undefined) return credentials(urls.env ?? urls.config, new SecretValue(variable), ENVIRONMENT);
  if (file !== undefined) return credentials(urls.env ?? urls.config, async () => new SecretValue(await readFile(file, "utf8")), FILE);
  if (command !== undefined) return credentials(urls.env ?? urls.config, tokenFrom(command), COMMAND);
  const stored = given(config("qualytics:token"));
  if (stored === undefined) throw new ProviderError(MISSING);
  if (urls.env !== undefined && urls.config !== undefined && canonical(urls.env) !== canonical(urls.config)) {
    throw new ProviderError("QUALYTICS_URL names another instance than the stack's qualytics:url, and no QUALYTICS_TOKEN goes with it: set both variables, or neither.");
  }
  return credentials(urls.config ?? urls.env, new SecretValue(stored), CONFIG);
}

function credentials(url: string | undefined, token: Credential, origin: Origin): Credentials {
  if (url === undefined) throw new ProviderError('The token API\'s url is missing: set QUALYTICS_URL, or run "pulumi config set qualytics:url https://your-company.qualytics.io".');
  return { url: canonical(url), token, origin };
}

function canonical(written: string): string {
  try {
    const { origin, base } = apiAddress(written);
    return `${origin}${base.replace(/\/api\/$/, "")}`;
  } catch (error) {
    throw new ProviderError(sentence(error), { cause: error });
  }
}

/** Refuses before any call what can be seen to be expired or no token at all. */
export async function checkCredential({ token, origin }: Credentials, now: number): Promise<void> {
  let value: SecretValue;
  try {
    value = await readCredential(token);
  } catch (error) {
    if (error instanceof LifecycleError && error.code === COMMAND_FAILED) throw new ProviderError(error.message, { cause: error });
    throw new ProviderError(`No token could be read from ${origin.where}: ${origin.remedy}.`, { cause: error });
  }
  const expiry = expiryOf(value);
  if (expiry !== null && expiry <= now) throw new ProviderError(`The token in ${origin.where} expired on ${formatInstant(expiry)}: ${origin.remedy}.`);
}

/** What the API's refusal of the credential means for whoever runs this. */
export function refusal(message: string, { where, remedy }: Origin): string {
  return `${message} The token came from ${where}: ${remedy}.`;
}
