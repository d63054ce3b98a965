// A state that any version wrote is read by this one: nothing in it is changed, and refresh says what it said.
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRecorded, RECORDED_PROGRAM, replay, type Replay } from "../support/pulumi/recorded.ts";
import { Workspace } from "../support/pulumi/workspace.ts";

const folder = new URL("states/", import.meta.url);

describe.each(readdirSync(folder))("%s", (file) => {
  const recorded = readRecorded(new URL(file, folder));
  let api: Replay;
  let workspace: Workspace;

  beforeAll(async () => {
    api = await replay(recorded);
    const env = { QUALYTICS_URL: api.url, QUALYTICS_TOKEN: "not-looked-at", DECLARED: JSON.stringify(recorded.arguments) };
    workspace = await Workspace.create({ program: RECORDED_PROGRAM, passphrase: true, env });
    workspace.write({ "state.json": api.deployment });
    const imported = await workspace.pulumi(["stack", "import", "--file", "state.json"]);
    expect(imported.code, imported.text).toBe(0);
  });
  afterAll(async () => {
    workspace.remove();
    await api.close();
  });

  test("preview says unchanged, under each resource", async () => {
    const preview = await workspace.pulumi(["preview", "--json"]);
    expect(preview.code, preview.text).toBe(0);
    const { changeSummary, steps } = JSON.parse(preview.stdout) as { changeSummary: object; steps: { op: string; urn: string }[] };
    expect(changeSummary, preview.stdout).toEqual({ same: 6 });
    expect(steps.every(({ op }) => op === "same")).toBe(true);
  });

  test("up renews nothing, and refresh finds everything", async () => {
    const identities = async (): Promise<string[]> => (await workspace.resources()).map(({ urn, id }) => `${urn} ${String(id)}`).sort();
    const before = await identities();
    const up = await workspace.up("--refresh");
    expect(up.code, up.text).toBe(0);
    expect(up.stdout).toContain("6 unchanged");
    const after = await workspace.resources();
    expect(await identities()).toEqual(before);
    const states = Object.fromEntries(after.filter(({ type }) => type.endsWith("Token")).map(({ urn, outputs }) => [urn.split("::").at(-1), [outputs?.["revision"], outputs?.["state"]]]));
    expect(states).toEqual({ never: [1, "Active"], rotated: [2, "Active"], revoked: [1, "Revoked"], mine: [1, "Active"] });
    expect(api.writes).toEqual([]);
    const still = await workspace.pulumi(["preview", "--expect-no-changes"]);
    expect(still.code, still.text).toBe(0);
  });
});
