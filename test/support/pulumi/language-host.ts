// A small language host for Node programs: what the Pulumi CLI starts as `pulumi-language-nodejs`.
// It serves the calls that preview, up, refresh and destroy make and runs the program with the SDK's own
// runner, so that the real engine can be tested where only the CLI could be built.
// Protocol: the engine's address is the first argument; our port is the first line we print.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { sendUnaryData, ServerUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import languageGrpc from "@pulumi/pulumi/proto/language_grpc_pb.js";
import language from "@pulumi/pulumi/proto/language_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";

type Answer = { error?: string; bail?: boolean };
type Request = InstanceType<typeof language.RunRequest>;
type Call<T> = ServerUnaryCall<T, unknown>;

/** The runner's exit code for "failed, and the person has been told why". */
const ALREADY_SAID = 32;

const engine = process.argv.slice(2).find((argument) => !argument.startsWith("-")) ?? "";
const running = new Set<ChildProcess>();

/** The command line of the SDK's runner; the SDK is the program's own. */
function command(request: Request): { args: string[]; cwd: string } {
  const info = request.getInfo();
  const program = info?.getProgramDirectory() || request.getPwd();
  const runner = createRequire(join(program, "package.json")).resolve("@pulumi/pulumi/cmd/run");
  const args = [runner, "--monitor", request.getMonitorAddress(), "--engine", request.getArgsList()[0] ?? engine];
  args.push("--organization", request.getOrganization(), "--project", request.getProject(), "--stack", request.getStack());
  args.push("--root-directory", info?.getRootDirectory() ?? program, "--pwd", request.getPwd());
  if (request.getDryrun()) args.push("--dry-run");
  args.push("--parallel", String(request.getParallel()), info?.getEntryPoint() || ".");
  return { args, cwd: program };
}

function environment(request: Request): NodeJS.ProcessEnv {
  const config: Record<string, string> = {};
  request.getConfigMap().forEach((value: string, key: string) => {
    config[key] = value;
  });
  const options = request.getInfo()?.getOptions()?.toJavaScript() ?? {};
  return {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify(config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    ...(options["typescript"] === false ? {} : { PULUMI_NODEJS_TYPESCRIPT: "true" }),
  };
}

/** Runs the program; its own output goes where ours goes, which is where the engine reads it. */
function run(request: Request): Promise<Answer> {
  const { args, cwd } = command(request);
  const child = spawn(process.execPath, args, { cwd, env: environment(request), stdio: ["ignore", "inherit", "inherit"] });
  running.add(child);
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ error: error.message }));
    child.once("exit", (code, signal) => {
      running.delete(child);
      if (code === 0) resolve({});
      else if (code === ALREADY_SAID) resolve({ bail: true });
      else resolve({ error: signal ? `the program was ended by ${signal}` : `the program exited with ${code}` });
    });
  });
}

const service = {
  getPluginInfo(_: Call<unknown>, answer: sendUnaryData<unknown>): void {
    const info = new plugin.PluginInfo();
    info.setVersion("3.0.0");
    answer(null, info);
  },
  about(_: Call<unknown>, answer: sendUnaryData<unknown>): void {
    const about = new language.AboutResponse();
    about.setExecutable(process.execPath);
    about.setVersion(process.version);
    answer(null, about);
  },
  /** None: the dynamic provider lies beside the CLI. */
  getRequiredPackages(_: Call<unknown>, answer: sendUnaryData<unknown>): void {
    answer(null, new language.GetRequiredPackagesResponse());
  },
  getRequiredPlugins(_: Call<unknown>, answer: sendUnaryData<unknown>): void {
    answer(null, new language.GetRequiredPluginsResponse());
  },
  installDependencies(call: ServerWritableStream<unknown, unknown>): void {
    call.end();
  },
  run(call: Call<Request>, answer: sendUnaryData<unknown>): void {
    run(call.request).then(
      ({ error, bail }) => {
        const response = new language.RunResponse();
        if (error !== undefined) response.setError(error);
        if (bail) response.setBail(true);
        answer(null, response);
      },
      (error: unknown) => answer({ code: status.UNKNOWN, message: String(error) }),
    );
  },
  cancel(_: Call<unknown>, answer: sendUnaryData<unknown>): void {
    for (const child of running) child.kill("SIGTERM");
    answer(null, new empty.Empty());
  },
};

// Whoever starts us may be killed: nobody would end us then, nor the program.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid === parent) return;
  for (const child of running) child.kill("SIGKILL");
  process.exit(1);
}, 500).unref();

const server = new Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
// Unlisted calls answer UNIMPLEMENTED by themselves.
server.addService(languageGrpc.LanguageRuntimeService, service as never);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
