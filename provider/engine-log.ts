// The engine's log, where people read it: in the diagnostics of preview, up and refresh. The SDK has a module for that,
// which loads all of the SDK (70 MiB in the plugin) and notes a call stack with each message. Here is the one call
// that it comes down to. Decides nothing of what is said.
import { credentials, type ServiceError } from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import enginePb from "@pulumi/pulumi/proto/engine_pb.js";

export type Level = "debug" | "info" | "warn";

const SEVERITY = { debug: "DEBUG", info: "INFO", warn: "WARNING" } as const;

interface Engine {
  log(request: object, done: (error: ServiceError | null) => void): void;
}

/** Whoever starts a provider gives the engine's address as the first argument. */
const ADDRESS = /^[\w.[\]:-]+:\d+$/;

let engine: Engine | null | undefined;

function connected(): Engine | null {
  if (engine !== undefined) return engine;
  const address = process.argv[2] ?? "";
  const { EngineClient } = engineGrpc as unknown as { EngineClient: new (address: string, by: object) => Engine };
  return (engine = ADDRESS.test(address) ? new EngineClient(address, credentials.createInsecure()) : null);
}

/** What was said before comes first. */
let last = Promise.resolve();

/** `urn`: of the resource that it is about; empty: the stack. A message that cannot be shown is no reason to fail. */
export function say(level: Level, urn: string, message: string): Promise<void> {
  const to = connected();
  if (to) return (last = last.then(() => send(to, { level, urn, message })));
  // Nobody started us as a provider: a test, or somebody's debugger.
  if (level !== "debug") process.stderr.write(`${level === "warn" ? "warning" : level}: ${message}\n`);
  return Promise.resolve();
}

function send(to: Engine, { level, urn, message }: { level: Level; urn: string; message: string }): Promise<void> {
  const request = new enginePb.LogRequest();
  request.setSeverity(enginePb.LogSeverity[SEVERITY[level]]);
  request.setUrn(urn);
  request.setMessage(message);
  return new Promise((resolve) => to.log(request, () => resolve()));
}
