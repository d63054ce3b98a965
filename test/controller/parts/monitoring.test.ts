// Dashboard and alerts speak of metrics, labels and controllers that exist.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { CONTROLLERS } from "../../../controller/main.ts";
import { RuntimeMetrics } from "../../../controller/runtime/index.ts";

const monitoring = join(import.meta.dirname, "..", "..", "..", "deploy", "monitoring");

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string; readonly annotations: { readonly summary: string; readonly description: string } }[] }[];
}

interface Dashboard {
  readonly panels: readonly { readonly id: number; readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

const rules = (parse(readFileSync(join(monitoring, "rules.yaml"), "utf8")) as Rules).groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(readFileSync(join(monitoring, "dashboard.json"), "utf8")) as Dashboard;
const expressions = [...rules.map(({ expr }) => expr), ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))];

async function served(): Promise<Set<string>> {
  const text = await new RuntimeMetrics().text();
  const names = new Set<string>();
  for (const [, name = "", type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    for (const suffix of type === "histogram" ? ["_bucket", "_sum", "_count"] : [""]) names.add(name + suffix);
  }
  return names;
}

it("names metrics that are served, and no others", async () => {
  const names = await served();
  const used = new Set(expressions.flatMap((expr) => [...expr.matchAll(/\b([a-z]+(?:_[a-z]+)+)\b(?=[{[)])/g)].map(([, name = ""]) => name)));
  used.delete("histogram_quantile");
  expect([...used].filter((name) => !names.has(name))).toEqual([]);
  expect(used.size).toBeGreaterThan(7);
});

it("names the controllers that there are, of one operator and of several in a process", () => {
  const lists = [...expressions.join("\n").matchAll(/(?:controller|\bname)=~"(\(\.\+\/\)\?)?\(([^"]+)\)"/g)];
  expect(lists.length).toBeGreaterThan(7);
  for (const [, label, list = ""] of lists) expect([label, list.split("|")]).toEqual(["(.+/)?", [...CONTROLLERS]]);
});

it("says for each alert what it means and where to look, and names no two things alike", () => {
  for (const { annotations } of rules) expect(annotations.description.length).toBeGreaterThan(40);
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});
