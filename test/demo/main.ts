// `make demo`: the whole story, told to a person at a terminal, on real engines. Every step checks what it says.
//   node test/demo/main.ts [--stay]
// Ends with code 1 where a claim is false. It leaves no process and no file, also after Ctrl-C; `--stay` keeps
// everything running until then.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { kubernetesStory } from "./kubernetes-story.ts";
import { Narrator } from "./narrator.ts";
import { pulumiStory } from "./pulumi-story.ts";
import { Stage } from "./stage.ts";

/** Of the operator's log, where something went wrong. */
const LOG_LINES = 8;
const GRACE_MS = 200;

const since = performance.now();
const tell = new Narrator(process.stdout, process.env);
const stage = new Stage();

/** Ends from outside: the story's own errors are of no interest any more. */
let interrupted = false;
function interrupt(code: number): void {
  if (interrupted) return;
  interrupted = true;
  tell.silence();
  void stage.strike().finally(() => process.exit(code));
}
process.on("SIGINT", () => interrupt(130));
process.on("SIGTERM", () => interrupt(143));
process.on("SIGHUP", () => interrupt(129));
// The reader of the output has gone, as with `| head`.
process.stdout.on("error", () => interrupt(141));

try {
  tell.say("Qualytics API tokens as code: the whole story, on real engines. Every ✓ was checked.");
  await kubernetesStory(stage, tell);
  await pulumiStory(stage, tell);
  const seconds = ((performance.now() - since) / 1_000).toFixed(0);
  tell.chapter(`${tell.claims} claims, all of them checked, in ${seconds} seconds`);
  if (process.argv.includes("--stay")) await stay();
} catch (error) {
  // A Ctrl-C ends the parts too, and what that breaks may be noticed before the signal is.
  await sleep(GRACE_MS);
  if (!interrupted) {
    tell.failure(error);
    const log = stage.operatorLog().trimEnd().split("\n").slice(-LOG_LINES).join("\n");
    if (log !== "") tell.say("The operator's last lines:");
    tell.quote(log);
    process.exitCode = 1;
  }
}
if (!interrupted) {
  await stage.strike();
  process.exit();
}

async function stay(): Promise<never> {
  tell.chapter("Everything goes on running");
  await stage.kubectl(tell, ["apply", "-f", join(stage.folder, "servicetoken.yaml")]);
  await stage.kubectl(tell, ["wait", "--for=condition=Ready", "servicetoken/ingest", "--timeout=20s"]);
  await stage.startConsumer("default", "ingest-token");
  tell.say("The token of step 4 is back. It rotates every 8 seconds, with a consumer that uses it.");
  tell.say("To look around, in another terminal:");
  tell.run(`. ${stage.envFile}`);
  tell.run("kubectl get servicetokens --watch");
  tell.run("kubectl describe servicetoken ingest");
  tell.run(stage.service.curl("GET", "/user-tokens/service"));
  tell.run(`cd ${join(stage.folder, "pulumi")} && pulumi up`);
  tell.say(`Tokens page          ${stage.service.url}/`);
  tell.say(`Administrator token  ${stage.service.adminTokenFile}`);
  tell.say(`Kubeconfig           ${stage.kubeconfig}`);
  tell.say("Ctrl-C ends all of it and removes the folder.");
  return await new Promise<never>(() => setInterval(() => undefined, 1 << 30));
}
