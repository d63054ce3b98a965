// Which backend a stack stands in, found in the order in which the CLI looks.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backendUrl } from "../../provider/backend.ts";

const root = mkdtempSync(join(tmpdir(), "backend-"));
const folder = join(root, "project", "src");
const env = { HOME: join(root, "home") };

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(root, "home", ".pulumi"), { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true }));

test("nobody has logged in", () => {
  expect(backendUrl({ env, folder })).toBe("");
});

test("what pulumi login noted, then the project's, then the environment's", () => {
  writeFileSync(join(root, "home", ".pulumi", "credentials.json"), JSON.stringify({ current: "https://api.pulumi.com/" }));
  expect(backendUrl({ env, folder })).toBe("https://api.pulumi.com");
  writeFileSync(join(root, "project", "Pulumi.yaml"), "name: tokens\nruntime: nodejs\nbackend:\n  url: s3://states?region=eu\n");
  expect(backendUrl({ env, folder })).toBe("s3://states?region=eu");
  expect(backendUrl({ env: { ...env, PULUMI_BACKEND_URL: "gs://states" }, folder })).toBe("gs://states");
});

test("the credentials stand where PULUMI_HOME says", () => {
  const home = join(root, "other");
  mkdirSync(home);
  writeFileSync(join(home, "credentials.json"), JSON.stringify({ current: "azblob://states" }));
  rmSync(join(root, "project", "Pulumi.yaml"));
  expect(backendUrl({ env: { ...env, PULUMI_HOME: home }, folder })).toBe("azblob://states");
});

test("one folder is one backend, however it is written", () => {
  const urls = ["file://~/states", `file://${root}/home/states`, `file://${root}/home/states/?no_tmp_dir=true`, "file://../../home/states"];
  expect(new Set(urls.map((url) => backendUrl({ env: { ...env, PULUMI_BACKEND_URL: url }, folder })))).toEqual(new Set([`file://${root}/home/states`]));
});

test("files that cannot be read are no backend", () => {
  writeFileSync(join(root, "project", "Pulumi.yaml"), "name: [");
  writeFileSync(join(root, "home", ".pulumi", "credentials.json"), "{");
  expect(backendUrl({ env, folder })).toBe("");
});
