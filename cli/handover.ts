// `servicetokens handover`: a token changes between a Pulumi stack and a ServiceToken object, and stays the same token.
// Here stand the words of the command line; each direction is a file of its own. Each step is one write, after each of
// them the token has one owner or none, and whoever runs the command again goes on from there.
import type { Command } from "commander";
import type { StackFlags } from "./stack.ts";

export interface HandoverFlags extends StackFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly operatorNamespace?: string;
  readonly idle: boolean;
}

export interface ToKubernetesFlags extends HandoverFlags {
  readonly to: string;
  readonly issuer: string;
  readonly secret?: string;
}

export interface ToPulumiFlags extends HandoverFlags {
  readonly name?: string;
  readonly timeout: string;
}

const shared = (command: Command): Command =>
  command
    .option("--kubeconfig <file>", "kubeconfig; default: KUBECONFIG, the pod's service account, ~/.kube/config")
    .option("--context <name>", "the context in the kubeconfig, with --kubeconfig or KUBECONFIG; default: its current one")
    .option("--operator-namespace <name>", "where the operator keeps its identity; default: looked for in all namespaces")
    .option("--stack <name>", "the stack; default: the selected one")
    .option("--cwd <folder>", "the program's folder; default: the present one")
    .option("--organization <name>", "the stack's organization, where the stack's name and the backend do not tell it")
    .option("--idle", "no update of the stack is running, where the backend cannot tell", false);

/** As a shell has it for a program that was ended by Ctrl-C. */
const INTERRUPTED = 130;

/** Nothing is undone: what is begun is found again. */
function sayHowToGoOn(): void {
  process.once("SIGINT", () => {
    process.stderr.write("servicetokens: interrupted. The token is valid and has at most one owner: run this again with the same words, and it goes on from there.\n");
    process.exit(INTERRUPTED);
  });
}

export function addHandoverCommands(program: Command): void {
  const handover = program.command("handover").description("move a token between a Pulumi stack and a ServiceToken object, without issuing it anew");
  shared(handover.command("kubernetes"))
    .description("from the stack to an object, which is created; run it again to go on after a failure")
    .argument("<resource>", "the ServiceToken's name in the program, or its URN")
    .requiredOption("--to <namespace/name>", "the ServiceToken object to create")
    .requiredOption("--issuer <name>", "the TokenIssuer that it names, in the same namespace")
    .option("--secret <name>", "the Secret to create; default: the object's name")
    .action(async (resource: string, flags: ToKubernetesFlags) => {
      sayHowToGoOn();
      const { toKubernetes } = await import("./handover-kubernetes.ts");
      await toKubernetes(resource, flags);
    });
  shared(handover.command("pulumi"))
    .description("from an object to the stack; the object goes, its Secret stays; run it again to go on after a failure")
    .argument("<namespace/name>", "the ServiceToken object")
    .option("--name <name>", "the resource's name in the program; default: the object's name")
    .option("--timeout <seconds>", "how long to wait for the operator to let the object go", "120")
    .action(async (object: string, flags: ToPulumiFlags) => {
      sayHowToGoOn();
      const { toPulumi } = await import("./handover-pulumi.ts");
      await toPulumi(object, flags);
    });
}
