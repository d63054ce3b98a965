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

/** Plugins take seconds: the renewal starts before the old credential ends, and nobody waits for it until then. */
const leewayMs = 30_000;
/** A credential that ends so soon may have ended when it arrives. */
const lastMs = 2_000;
/** Some plugins give what they have until it ends: they are not asked for every request meanwhile. */
const againMs = 5_000;
const timeoutMs = 60_000;

export class ExecPlugin {
  readonly #config: ExecConfig;
  readonly #cluster: object;
  #current: ExecCredential | undefined;
  #running: Promise<ExecCredential> | undefined;
  #ranAt = Number.NEGATIVE_INFINITY;

  constructor(config: ExecConfig, cluster: object) {
    this.#config = config;
    this.#cluster = cluster;
  }

  credential(): ExecCredential | Promise<ExecCredential> {
    const current = this.#current;
    if (current !== undefined) {
      const expiry = current.expirationTimestamp === undefined ? Infinity : Date.parse(current.expirationTimestamp);
      const left = expiry - Date.now();
      if (left > leewayMs) return current;
      if (left > lastMs) {
        // What fails now is told when the credential has ended.
        if (performance.now() - this.#ranAt >= againMs) void this.#renew().catch(() => undefined);
        return current;
      }
    }
    return this.#renew();
  }

  /** Many requests find the credential expired at the same moment; one run serves them all. */
  #renew(): Promise<ExecCredential> {
    this.#ranAt = performance.now();
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
      // The cause is not attached: it carries the plugin's output, which may hold a token.
      const code = (error as { code?: unknown }).code;
      if (code === "ENOENT") throw new Error(`the credential plugin ${command} was not found${installHint === undefined ? "" : `: ${installHint}`}`);
      throw new Error(`the credential plugin ${command} failed (${String(code ?? "killed")}): run it by hand to see why, and log in anew where it asks for that`);
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
