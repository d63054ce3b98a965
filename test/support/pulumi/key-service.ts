// Where the stacks of the tests have their secrets' key from: Pulumi's own provider for HashiCorp Vault, and in its place
// the two calls that it makes. Every command of the CLI stretches a passphrase for half a second of computing, and a ring
// has hundreds of commands. This one keeps nothing: what it calls encrypted is the key itself, so that a test may look.
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** As a stack names its key. */
export const KEY_URL = "hashivault://tests";

const PREFIX = "vault:v1:";

function answer({ url = "" }: IncomingMessage, body: string, response: ServerResponse): void {
  const { plaintext = "", ciphertext = "" } = JSON.parse(body) as { plaintext?: string; ciphertext?: string };
  const data = url.includes("/encrypt/") ? { ciphertext: `${PREFIX}${plaintext}` } : { plaintext: ciphertext.slice(PREFIX.length) };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ data }));
}

let started: Promise<string> | null = null;

async function start(): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.once("end", () => answer(request, body, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // It ends with the process.
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What the CLI has to find in its environment. */
export async function keyService(): Promise<{ readonly VAULT_ADDR: string; readonly VAULT_TOKEN: string }> {
  started ??= start();
  return { VAULT_ADDR: await started, VAULT_TOKEN: "any" };
}

/** The key in what a state holds of it: base64 of what was called encrypted. */
export const keyIn = (encrypted: string): Buffer => Buffer.from(Buffer.from(encrypted, "base64").toString("utf8").slice(PREFIX.length), "base64");
