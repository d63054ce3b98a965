#!/usr/bin/env node
// The `servicetokens` program: which command there is, and how its failures are told. Each command is a file of its own.
import { Command } from "commander";
import type { Flags } from "./controller.ts";
import { fail } from "./failure.ts";
import { addServerCommand } from "./server.ts";
import { addDataCommands } from "./service-data.ts";

const program = new Command("servicetokens")
  .description("Qualytics API tokens as code: the operator, the token service, and tools for both")
  .showHelpAfterError("(run with --help to see what there is)")
  .configureOutput({ outputError: (text, write) => write(text) });

addServerCommand(program);
addDataCommands(program);

program
  .command("controller")
  .description("run the Kubernetes operator")
  .option("--kubeconfig <file>", "kubeconfig; default: KUBECONFIG, the pod's service account, ~/.kube/config")
  .option("--namespace <name>", "watch this namespace only")
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

try {
  await program.parseAsync();
} catch (error) {
  fail(error);
}
