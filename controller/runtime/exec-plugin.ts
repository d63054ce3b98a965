// Credentials from a client-go exec plugin (aws, gcloud, azure, kubelogin…). Decides
// when the plugin runs again; must not know what it does. Only used outside clusters.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface ExecConfig {
  apiVersion: string;
  command: string;
  args?: string[];
  env?: { name: string; value: string }[];
  provideClusterInfo?: boolean;
  installHint?: string;
}

export interface ExecCredential {
  token?: string;
  clientCertificateData?: string;
  clientKeyData?: string;
  expirationTimestamp?: string;
}

/** Plugins take seconds: the renewal starts before the old credential ends. */
const leewayMs = 30_000;
const timeoutMs = 60_000;

export class ExecPlugin {
  readonly #config: ExecConfig;
  readonly #cluster: object;
  #current: ExecCredential | undefined;
  #running: Promise<ExecCredential> | undefined;

  constructor(config: ExecConfig, cluster: object) {
    this.#config = config;
    this.#cluster = cluster;
  }

  credential(): ExecCredential | Promise<ExecCredential> {
    const current = this.#current;
    if (current !== undefined) {
      const expiry = current.expirationTimestamp === undefined ? Infinity : Date.parse(current.expirationTimestamp);
      if (expiry - leewayMs > Date.now()) return current;
    }
    // Many requests find the credential expired at the same moment; one run serves them all.
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return this.#running;
  }

  invalidate(): void {
    this.#current = undefined;
  }

  async #run(): Promise<ExecCredential> {
    const { apiVersion, command, args, env, provideClusterInfo, installHint } = this.#config;
    const spec = { interactive: false, ...(provideClusterInfo === true ? { cluster: this.#cluster } : {}) };
    const info = JSON.stringify({ apiVersion, kind: "ExecCredential", spec });
    const extra = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
    let stdout: string;
    try {
      ({ stdout } = await run(command, args ?? [], { env: { ...process.env, ...extra, KUBERNETES_EXEC_INFO: info }, timeout: timeoutMs, maxBuffer: 1 << 20 }));
    } catch (error) {
      // The cause is not attached: it carries the plugin's output.
      const code = (error as { code?: unknown }).code;
      throw new Error(`the credential plugin ${command} failed (${String(code ?? "killed")})${installHint === undefined ? "" : `: ${installHint}`}`);
    }
    this.#current = parse(stdout, command);
    return this.#current;
  }
}

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";

function parse(stdout: string, command: string): ExecCredential {
  try {
    const status = (JSON.parse(stdout) as { status?: ExecCredential | null } | null)?.status ?? {};
    // A credential is a token, or a certificate with its key.
    if (isText(status.token) || (isText(status.clientCertificateData) && isText(status.clientKeyData))) return status;
  } catch {
    // Falls through: a parser's message would quote the output, which may hold a token.
  }
  throw new Error(`the credential plugin ${command} printed no ExecCredential with a token or a certificate`);
}
