#!/usr/bin/env node
// The `servicetokens` program: which command there is, and how its failures are told. Each command is a file of its own.
import { Command } from "commander";
import type { Flags } from "./controller.ts";
import { fail, UsageError } from "./failure.ts";
import { addHandoverCommands } from "./handover.ts";
import type { ImportFlags } from "./import-pulumi.ts";
import { addServerCommand } from "./server.ts";
import { addDataCommands } from "./service-data.ts";
import type { StackFlags } from "./stack.ts";
import type { SweepFlags } from "./sweep.ts";

const program = new Command("servicetokens")
  .description("Qualytics API tokens as code: the operator, the token service, and tools for both")
  .showHelpAfterError("(run with --help to see what there is)")
  .configureOutput({ outputError: (text, write) => write(text) });

addServerCommand(program);
addDataCommands(program);
addHandoverCommands(program);

program
  .command("controller")
  .description("run the Kubernetes operator")
  .option("--kubeconfig <file>", "kubeconfig; default: KUBECONFIG, the pod's service account, ~/.kube/config")
  .option("--namespace <names>", "watch this namespace only, or several: team-a,team-b")
  .option("--own-namespace <name>", "where the operator keeps its identity and its lease")
  .option("--leader-elect <yes>", "let one of several processes work at a time", "true")
  .option("--metrics <address>", "serve /metrics, /healthz and /readyz, as in 127.0.0.1:9090")
  .option("--concurrency <n>", "how many objects are worked on at a time", "32")
  .option("--adopt-identity", "take over the identity of a cluster that is gone", false)
  .option("--log-level <level>", "debug, info, warn or error", "info")
  .action(async (options: Flags) => {
    const { control } = await import("./controller.ts");
    await control(options);
  });

program
  .command("explain")
  .description("say what the engine would do in a situation, and why")
  .argument("<file>", "a JSON file as docs/explain.md describes it; - for standard input")
  .option("--json", "the walk through the checks as JSON", false)
  .action(async (file: string, options: { json: boolean }) => {
    const { explainFile } = await import("./explain.ts");
    explainFile(file, options);
  });

program
  .command("import")
  .description("take in tokens that exist")
  .command("pulumi")
  .description("write the file with which pulumi import takes in tokens that exist")
  .option("--service-user <name>", "the owner: all of its active tokens, or those that the next two name")
  .option("--personal", "the owner is the credential's own user: personal tokens", false)
  .option("--token-name <name...>", "tokens by name")
  .option("--token-id <id...>", "tokens by id")
  .option("--secrets <file>", 'the secrets that you have, as {"<id or name>": "<secret>"}; each is proved by using it; - for standard input')
  .option("--out <file>", "the file to write", "import.json")
  .option("--stack <name>", "the stack; default: the selected one")
  .option("--cwd <folder>", "the program's folder; default: the present one")
  .option("--organization <name>", "the stack's organization, where the stack's name and the backend do not tell it")
  .action(async (options: ImportFlags) => {
    const { importPulumi } = await import("./import-pulumi.ts");
    await importPulumi(options);
  });

program
  .command("sweep")
  .description("list the tokens that a Pulumi stack left behind and no update will ever see; with --apply, clear them")
  .option("--stack <name>", "the stack; default: the selected one")
  .option("--cwd <folder>", "the program's folder; default: the present one")
  .option("--organization <name>", "the stack's organization, where the stack's name and the backend do not tell it")
  .option("--apply", "revoke and delete what nobody holds", false)
  .option("--token <id...>", "only these; with --apply those too that were left for you to decide")
  .option("--idle", "no update of the stack is running, where the backend cannot tell", false)
  .option("--json", "what was found, as JSON", false)
  .action(async (options: SweepFlags) => {
    const { sweep } = await import("./sweep.ts");
    await sweep(options);
  });

program
  .command("recover")
  .description("put back the last whole state of a Pulumi stack whose disk was full; does nothing where the state is whole")
  .option("--stack <name>", "the stack; default: the selected one")
  .option("--cwd <folder>", "the program's folder; default: the present one")
  .action(async (options: StackFlags) => {
    const { recover } = await import("./recover.ts");
    await recover(options);
  });

/** What of Node this is written for: an older one would fail in the middle, with a stack of its own. */
const NODE = [22, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

try {
  if (major < NODE[0] || (major === NODE[0] && minor < NODE[1])) throw new UsageError(`Node.js ${NODE.join(".")} or newer is needed, and this is ${process.versions.node} (${process.execPath})`);
  await program.parseAsync();
} catch (error) {
  fail(error);
}
