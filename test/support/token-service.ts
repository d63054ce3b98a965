// The real token service for a test: in this process (quick to start, may be given a
// clock) or as the program a user starts (may be killed). Either way it is asked over HTTP.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Writable } from "node:stream";
import { pino } from "pino";
import { type RunningServer, type ServerOptions, startServer } from "../../server/start.ts";
import { type GuardedChild, startGuarded } from "./child.ts";

export interface TokenServiceOptions {
  /** Default `memory:`. */
  readonly data?: string;
  /** Default true. A process of its own is what `kill` needs. */
  readonly inProcess?: boolean;
  /** Default 127.0.0.1:0. */
  readonly listen?: string;
  /** Default: a file of its own, removed on close. */
  readonly adminTokenFile?: string;
  /** What only a service in this process can be given. */
  readonly server?: Omit<ServerOptions, "listen" | "data" | "adminTokenFile" | "logger">;
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON, undefined when it is empty. */
  readonly body: Body;
}

export type Json = Record<string, unknown>;

export interface TokenService {
  readonly url: string;
  readonly adminToken: string;
  /** `path` begins with /api; without `token` the administrator asks, with null nobody. */
  api<Body = Json>(method: string, path: string, body?: unknown, token?: string | null): Promise<Answer<Body>>;
  createServiceUser(name: string, role?: string): Promise<{ id: number; user_id: string }>;
  /** Everything it logged so far. */
  logs(): string;
  /** Where a process of its own logs to. */
  readonly logFile: string | null;
  close(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

const program = join(import.meta.dirname, "../../cli/main.ts");

export interface Running {
  readonly url: string;
  readonly logFile: string | null;
  logs(): string;
  close(): Promise<void>;
  kill(): Promise<void>;
}

export async function startTokenService(options: TokenServiceOptions = {}): Promise<TokenService> {
  const folder = mkdtempSync(join(tmpdir(), "token-service-"));
  const tidy = (): void => rmSync(folder, { recursive: true, force: true });
  const adminTokenFile = options.adminTokenFile ?? join(folder, "admin-token");
  try {
    const running = options.inProcess === false ? await startChild(options, folder, adminTokenFile) : await startHere(options, adminTokenFile);
    const { close, kill } = running;
    return atService({ ...running, close: () => close().finally(tidy), kill: () => kill().finally(tidy) }, readFileSync(adminTokenFile, "utf8").trim());
  } catch (cause) {
    tidy();
    throw cause;
  }
}

/** A service that runs already. */
export function atService({ url, ...running }: Running, adminToken: string): TokenService {
  const api: TokenService["api"] = (method, path, body, token = adminToken) => ask(url + path, method, body, token);
  return {
    url,
    adminToken,
    api,
    createServiceUser: async (name, role = "Member") => {
      const { status, body } = await api<{ id: number; user_id: string }>("POST", "/api/users", { name, role });
      if (status !== 200) throw new Error(`POST /users answered ${status}: ${JSON.stringify(body)}`);
      return body;
    },
    ...running,
  };
}

async function ask<Body>(url: string, method: string, body: unknown, token: string | null): Promise<Answer<Body>> {
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json", ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    redirect: "manual",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return { status: response.status, headers: response.headers, body: (text === "" ? undefined : isJson ? JSON.parse(text) : text) as Body };
}

async function startHere(options: TokenServiceOptions, adminTokenFile: string): Promise<Running> {
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  const server: RunningServer = await startServer({
    listen: options.listen ?? "127.0.0.1:0",
    data: options.data ?? "memory:",
    adminTokenFile,
    logger: pino({ level: "trace" }, sink),
    ...options.server,
  });
  const kill = (): Promise<void> => Promise.reject(new Error("Only a service in a process of its own (inProcess: false) can be killed."));
  return { url: server.url, logFile: null, logs: () => lines.join(""), close: () => server.close(), kill };
}

async function startChild(options: TokenServiceOptions, folder: string, adminTokenFile: string): Promise<Running> {
  if (options.server !== undefined) throw new Error("Only a service in this process can be given `server` options.");
  const args = ["--listen", options.listen ?? "127.0.0.1:0", "--data", options.data ?? "memory:", "--admin-token-file", adminTokenFile];
  const child = await startGuarded(folder, "server", [process.execPath, program, "server", ...args]);
  const logFile = join(folder, "server.log");
  const logs = (): string => readFileSync(logFile, "utf8");
  const url = await readyUrl(child, logs);
  return { url, logFile, logs, close: () => child.stop("SIGTERM"), kill: () => child.stop("SIGKILL") };
}

/** The program says where it answers in one JSON line, once it does. */
async function readyUrl(child: GuardedChild, logs: () => string): Promise<string> {
  for (;;) {
    const line = logs().match(/^\{"url":.*\}$/m)?.[0];
    if (line !== undefined) return (JSON.parse(line) as { url: string }).url;
    if (!child.running()) throw new Error(`The token service did not start: ${child.logTail()}`);
    await sleep(20);
  }
}
