// The tarball that users install, in an empty folder: it installs, its types hold, a TypeScript program runs, its token
// service starts.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startGuarded } from "../support/child.ts";
import { root } from "../support/pulumi/engine.ts";
import { startWorld, type World } from "../support/pulumi/world.ts";

const program = `
import * as pulumi from "@pulumi/pulumi";
import { PersonalToken, ServiceToken, ServiceUser } from "qualytics-servicetokens";

const user = new ServiceUser("user", { name: "Data Ingest", role: "Member" });
const service = new ServiceToken("ingest", {
  serviceUser: { name: user.name },
  tokenName: "data-ingest",
  expiresInDays: 90,
  rotation: { renewBefore: "720h", retire: { when: "Unused", minOverlap: "1h" } },
  state: "Active",
  trigger: { build: 1 },
});
const personal = new PersonalToken("mine");

export const token: pulumi.Output<string> = service.token;
export const tokenId: pulumi.Output<number> = service.tokenId;
export const revision: pulumi.Output<number> = service.revision;
export const state: pulumi.Output<string> = service.state;
export const mine: pulumi.Output<string> = personal.token;
`;

/** Each line is an error to the compiler, or the compiler complains that it is not. */
const misuse = `
import { ServiceToken, ServiceUser } from "qualytics-servicetokens";
// @ts-expect-error there is no owner
new ServiceToken("a", {});
// @ts-expect-error a typing error
new ServiceToken("b", { serviceUser: { id: 1 }, expireInDays: 3 });
// @ts-expect-error another word
new ServiceToken("c", { serviceUser: { id: 1 }, state: "revoked" });
// @ts-expect-error deep inside
new ServiceToken("d", { serviceUser: { id: 1 }, rotation: { retire: { when: "Never" } } });
// @ts-expect-error a number, not a text
const id: string = new ServiceToken("e", { serviceUser: { id: 1 } }).tokenId;
// @ts-expect-error no such role
new ServiceUser("f", { name: "f", role: "Root" });
export { id };
`;

const packed = mkdtempSync(join(tmpdir(), "packed-"));
let world: World;

beforeAll(async () => {
  world = await startWorld({ bare: true, typescript: true, users: [], files: { "index.ts": program, "misuse.ts": misuse } });
  const answer = execFileSync("npm", ["pack", "--json", "--loglevel=error", "--pack-destination", packed], { cwd: root, encoding: "utf8" });
  const file = /"filename":\s*"([^"]+)"/.exec(answer)?.[1] ?? "";
  // With the registry, proxy and certificates of whoever runs this: what the cache lacks is fetched.
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--loglevel=error", join(packed, file)], { cwd: world.workspace.project, stdio: "pipe", timeout: 240_000 });
});
afterAll(async () => {
  rmSync(packed, { recursive: true, force: true });
  await world.close();
});

test.each(["nodenext", "bundler"])("the types hold, and bite, with moduleResolution %s", async (resolution) => {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--types", "node", "--moduleResolution", resolution];
  const kind = resolution === "bundler" ? "esnext" : "nodenext";
  const checked = await world.workspace.exec("node", [tsc, ...options, "--module", kind, "index.ts", "misuse.ts"]);
  expect(checked.code, checked.text).toBe(0);
});

test("a TypeScript program runs on it, with nothing else installed", async () => {
  const up = await world.workspace.up();
  expect(up.code, up.text).toBe(0);
  const outputs = await world.workspace.outputs();
  expect(outputs).toMatchObject({ tokenId: expect.any(Number), revision: 1, state: "Active" });
  expect(await world.use(outputs["token"] ?? "")).toBe(200);
  expect(await world.use(outputs["mine"] ?? "")).toBe(200);
  const destroyed = await world.workspace.destroy();
  expect(destroyed.code, destroyed.text).toBe(0);
  expect(await world.tokens()).toEqual([]);
});

test("its operator is one file, with the licences of what is in it, and says in a sentence what it lacks", async () => {
  const dist = join(world.workspace.project, "node_modules", "qualytics-servicetokens", "dist");
  expect(readFileSync(join(dist, "cli", "controller-licenses.txt"), "utf8")).toContain("Apache-2.0");
  expect(readFileSync(join(dist, "cli", "controller.js"), "utf8")).not.toContain('from "../controller/');
  const refused = await world.workspace.exec("node", [join(dist, "cli", "main.js"), "controller", "--kubeconfig", join(packed, "none")]);
  expect([refused.code, refused.text]).toEqual([1, expect.stringMatching(/^servicetokens: No way to a cluster: .*\n$/)]);
});

test("its token service starts, with a page and a database to begin with", async () => {
  const dist = join(world.workspace.project, "node_modules", "qualytics-servicetokens", "dist");
  // Without it a first start takes seconds more, and nothing else tells.
  expect(readdirSync(join(dist, "server", "storage"))).toContainEqual(expect.stringMatching(/^empty-cluster-[\d.]+\.tar\.br$/));
  const child = await startGuarded(packed, "server", [process.execPath, join(dist, "cli", "main.js"), "server", "--listen", "127.0.0.1:0", "--data", "memory:", "--admin-token-file", join(packed, "admin-token")]);
  try {
    const told = (): string => /"url":"([^"]+)"/.exec(readFileSync(join(packed, "server.log"), "utf8"))?.[1] ?? "";
    await expect.poll(told, { timeout: 60_000 }).not.toBe("");
    const url = told();
    const page = await (await fetch(url)).text();
    for (const file of [/src="([^"]+\.js)"/, /href="([^"]+\.css)"/, /href="([^"]+\.woff2)"/].map((form) => form.exec(page)?.[1] ?? "")) {
      expect([file, (await fetch(url + file)).status]).toEqual([file, 200]);
    }
  } finally {
    await child.stop("SIGTERM");
  }
});
