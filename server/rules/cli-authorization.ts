// Letting the vendor's command-line client in through the browser. Decides where a token
// may be sent and what it is; must not know how the client waits for it.
import { actorOf } from "./audited.ts";
import type { Caller } from "./authentication.ts";
import { Refusal } from "./refusal.ts";
import type { Service } from "./service.ts";
import { issueFor } from "./token-issue.ts";

/** What the guide advises for the command line. */
const lifetimeDays = 90;
const maxSameName = 1_000;
const maxHostLength = 64;

export interface CliRequest {
  readonly redirect_uri: string;
  readonly state?: string | undefined;
  readonly hostname?: string | undefined;
}

/** The client listens on its own machine, so a token goes nowhere else. */
export function checkedReturn(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const local = url?.protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname) && url.username === "" && url.password === "";
  if (url === undefined || !local) throw new Refusal("refused", "The address to return to is not on this machine: start the login again from the command line.");
  return url;
}

/** A personal token like any other: it is in the list, and can be revoked there. */
export async function issueForCli(service: Service, caller: Caller, hostname: string): Promise<string> {
  const base = `cli-${cleaned(hostname)}`;
  for (let number = 1; number <= maxSameName; number += 1) {
    const name = number === 1 ? base : `${base}-${number}`;
    try {
      return (await issueFor(service, actorOf(caller), caller.account, { name, expires_in_days: lifetimeDays })).value;
    } catch (cause) {
      if (!(cause instanceof Refusal && cause.kind === "conflict")) throw cause;
    }
  }
  throw new Refusal("conflict", `There are ${maxSameName} tokens named ${base}: delete some.`);
}

function cleaned(hostname: string): string {
  const name = hostname.toLowerCase().replace(/[^a-z0-9._-]/g, "").slice(0, maxHostLength);
  return name === "" ? "login" : name;
}
