// The Pulumi half: the same engine and the same words, from `pulumi up`.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Narrator } from "./narrator.ts";
import { PulumiProject, type Outputs } from "./pulumi-project.ts";
import { root, type Stage } from "./stage.ts";

const USER = "Nightly ETL";
const UP = ["up", "--yes", "--skip-preview"];

const PROGRAM = `const pulumi = require("@pulumi/pulumi");
const { ServiceToken, ServiceUser } = require("qualytics-servicetokens");

const config = new pulumi.Config();
const user = new ServiceUser("etl", { name: "${USER}" });
const token = new ServiceToken("etl", {
  serviceUser: { name: user.name },
  expiresInDays: 90,
  rotation: { retire: { minOverlap: "2s", idleFor: "2s", maxOverlap: "60s" } },
  state: config.get("state"),
  trigger: config.get("trigger"),
});
module.exports = { token: token.token, tokenId: token.tokenId, revision: token.revision };
`;

export async function pulumiStory(stage: Stage, tell: Narrator): Promise<void> {
  await obtainCli(stage);
  tell.chapter("Pulumi");
  const project = await open(stage, tell);
  const first = await create(stage, tell, project);
  await again(stage, tell, project);
  const second = await rotate(stage, tell, { project, first });
  await revoke(stage, tell, { project, current: second });
  await destroy(stage, tell, { project, current: second });
}

/** Builds or fetches the CLI where it is not there yet; that says itself what it does. */
async function obtainCli(stage: Stage): Promise<void> {
  const engines = spawn(join(root, "tools", "engines"), ["--for", "make demo", "pulumi"], { stdio: ["ignore", "inherit", "inherit"] });
  const gone = new Promise<number | null>((resolve, reject) => {
    engines.once("error", reject);
    engines.once("exit", resolve);
  });
  stage.onStrike(async () => {
    engines.kill("SIGTERM");
    await gone;
  });
  if ((await gone) !== 0) throw new Error("the Pulumi command line could not be built or fetched");
}

const accepted = async (stage: Stage, value: string): Promise<boolean> => (await stage.service.whoIs(value)) !== null;

/** All tokens of the user: what exists, by the API's own word. */
async function listed(stage: Stage): Promise<{ readonly id: number; readonly active: boolean }[]> {
  return (await stage.service.tokens()).filter(({ user }) => user.name === USER);
}

async function open(stage: Stage, tell: Narrator): Promise<PulumiProject> {
  tell.step("A program that declares a service user and its token");
  const project = new PulumiProject(stage, PROGRAM);
  tell.run(`. ${stage.envFile}; cd ${project.folder}`);
  tell.quote(PROGRAM);
  await project.run(tell, "stack", "init", "dev");
  return project;
}

async function create(stage: Stage, tell: Narrator, project: PulumiProject): Promise<Outputs> {
  await project.run(tell, ...UP);
  const first = await project.outputs();
  const who = await stage.service.whoIs(first.token);
  tell.claim(`The output "token" authenticates as ${USER}`, who === USER ? true : `GET /api/users/me says ${who ?? "401"}`);
  const leaks = filesWith(stage.folder, ["pulumi", "pulumi-home", "pulumi-state"], first.token);
  tell.claim("Pulumi keeps it encrypted: it stands in no file of project and state", leaks.length === 0 ? true : `it stands in ${leaks.join(", ")}`);
  return first;
}

function filesWith(folder: string, tops: readonly string[], text: string): string[] {
  const files = tops.flatMap((top) => readdirSync(join(folder, top), { recursive: true, withFileTypes: true }));
  const paths = files.filter((file) => file.isFile() && !file.parentPath.includes("node_modules")).map((file) => join(file.parentPath, file.name));
  return paths.filter((path) => readFileSync(path, "utf8").includes(text));
}

async function again(stage: Stage, tell: Narrator, project: PulumiProject): Promise<void> {
  tell.step("The same program once more");
  const before = await listed(stage);
  const said = await project.run(tell, ...UP);
  tell.claim("Nothing changed: three resources, all of them unchanged", /\b3 unchanged/.test(said) && !/created|updated|replaced/.test(said) ? true : said);
  tell.claim("The API has the same tokens as before", JSON.stringify(await listed(stage)) === JSON.stringify(before) ? true : "it lists others");
}

async function rotate(stage: Stage, tell: Narrator, at: { project: PulumiProject; first: Outputs }): Promise<Outputs> {
  const { project, first } = at;
  tell.step("Rotation: a trigger with a new value");
  const said = await project.run(tell, ...UP, "--config=trigger=spring");
  tell.claim("The resource was updated in place, not replaced", /\b1 updated/.test(said) && !/replaced/.test(said) ? true : said);
  const second = await project.outputs();
  const valid = (await accepted(stage, first.token)) && (await accepted(stage, second.token)) && first.token !== second.token;
  tell.claim("Both tokens authenticate, so that everybody who holds the old one has time", valid ? true : "one of them is refused, or they are the same");
  await sleep(2_500);
  tell.claim("2 seconds later everybody uses the new one, nobody the old one", (await accepted(stage, second.token)) ? true : "the new one is refused");
  await project.run(tell, ...UP);
  tell.claim("The next up has retired the old one: it is refused", (await accepted(stage, first.token)) ? "it still authenticates" : true);
  return second;
}

async function revoke(stage: Stage, tell: Narrator, at: { project: PulumiProject; current: Outputs }): Promise<void> {
  const { project, current } = at;
  const { token, revision } = current;
  tell.step("Revoked, and taken back");
  await project.run(tell, ...UP, "--config=state=Revoked");
  tell.claim("The token is refused", (await accepted(stage, token)) ? "it still authenticates" : true);
  await project.run(tell, ...UP, "--config=state=Active");
  const restored = await project.outputs();
  tell.claim("The same token authenticates again", restored.token === token && (await accepted(stage, token)) ? true : `revision ${restored.revision} instead of ${revision}`);
}

async function destroy(stage: Stage, tell: Narrator, { project, current }: { project: PulumiProject; current: Outputs }): Promise<void> {
  tell.step("Destroyed");
  await project.run(tell, "destroy", "--yes", "--skip-preview");
  tell.claim("The token is refused", (await accepted(stage, current.token)) ? "it still authenticates" : true);
  const left = await listed(stage);
  tell.claim(`No token of ${USER} is left at the API`, left.length === 0 ? true : `${left.length} are listed`);
}
