// A program that runs in the process of the test instead of two of its own (a language host and a runner, each of which
// loads the SDK): as the SDK's Automation API runs inline programs. The CLI, the engine and the provider's process are
// what they always are. For programs that are expected to come to an end; one that is to be killed needs a process.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInThisContext } from "node:vm";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import languageGrpc from "@pulumi/pulumi/proto/language_grpc_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import * as automation from "@pulumi/pulumi/automation/server.js";
import * as settings from "@pulumi/pulumi/runtime/settings.js";
import * as state from "@pulumi/pulumi/runtime/state.js";

interface Closable {
  close(): void;
}

/** The SDK keeps these out of its types. */
const { getStore } = state as unknown as { getStore: () => { readonly settings: { readonly monitor?: Closable; readonly engine?: Closable } } };
const { grpcClientOptions } = settings as unknown as { grpcClientOptions: Record<string, unknown> };
const { LanguageServer } = automation as unknown as { LanguageServer: new (program: () => Promise<object>) => { [method: string]: (...args: never[]) => unknown } };

// An engine lives as long as its command, and a later one may listen at the address of an earlier one that is gone: what
// grpc-js remembers of an address for the whole process (that it could not be reached) is no news of the new one.
grpcClientOptions["grpc.use_local_subchannel_pool"] = 1;

type Program = (require: NodeJS.Require, module: { exports: object }, exports: object, process: object) => void;

/** The exports of a folder's index.js, evaluated anew, with this environment. */
function evaluate(folder: string, env: NodeJS.ProcessEnv): object {
  const file = join(folder, "index.js");
  const wrapped = `(function (require, module, exports, process) {${readFileSync(file, "utf8")}\n})`;
  const module = { exports: {} };
  (runInThisContext(wrapped, { filename: file }) as Program)(createRequire(file), module, module.exports, { env });
  return module.exports;
}

export interface InlineProgram {
  /** What the CLI is told, so that it asks us for the program. */
  readonly flag: string;
  close(): void;
}

/** What a program asks the package itself (getServiceUser), the package answers by the process's own environment. Returns what ends it. */
function lend(env: NodeJS.ProcessEnv): () => void {
  const names = new Set([...Object.keys(process.env), ...Object.keys(env)].filter((name) => name.startsWith("QUALYTICS_")));
  const set = (from: NodeJS.ProcessEnv): void => {
    for (const name of names) {
      const value = from[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  const before = { ...process.env };
  set(env);
  return () => set(before);
}

/** For one command. */
export async function serveProgram(folder: string, env: NodeJS.ProcessEnv): Promise<InlineProgram> {
  let store: ReturnType<typeof getStore> | null = null;
  const host = new LanguageServer(() => {
    store = getStore();
    return Promise.resolve(evaluate(folder, env));
  });
  const server = new Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
  server.addService(languageGrpc.LanguageRuntimeService, {
    getPluginInfo: host["getPluginInfo"]?.bind(host),
    getRequiredPlugins: host["getRequiredPlugins"]?.bind(host),
    run: host["run"]?.bind(host),
    cancel: (_: unknown, answer: (error: null, response: object) => void) => answer(null, new empty.Empty()),
  } as never);
  const port = await new Promise<number>((resolve, reject) => server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))));
  const giveBack = lend(env);
  return {
    flag: `--client=127.0.0.1:${port}`,
    close() {
      giveBack();
      // The SDK closes only those of a process that runs one program.
      store?.settings.monitor?.close();
      store?.settings.engine?.close();
      server.forceShutdown();
    },
  };
}
