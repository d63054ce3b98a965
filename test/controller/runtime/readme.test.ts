// The README's program uses what there is, and imports what it uses.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as runtime from "../../../controller/runtime/index.ts";

const readme = readFileSync(join(import.meta.dirname, "..", "..", "..", "controller", "runtime", "README.md"), "utf8");
const [program = "", face = ""] = [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, code = ""]) => code);

test("the program imports each part of the runtime that it uses, and nothing that is not there", () => {
  const imported = (/import \{ ([^}]*) \} from "\.\/runtime\/index\.ts"/.exec(program)?.[1] ?? "").split(", ");
  const body = program.replace(/^import .*$/gm, "");
  const used = Object.keys(runtime).filter((name) => new RegExp(`\\b${name}\\b`).test(body));
  expect(imported.length).toBeGreaterThan(8);
  expect([...imported].sort()).toEqual(used.sort());
});

test("each class that the interface describes is one of the runtime's", () => {
  const described = [...face.matchAll(/^class (\w+)/gm)].map(([, name = ""]) => name);
  expect(described.length).toBeGreaterThan(8);
  expect(described.filter((name) => !(name in runtime))).toEqual([]);
});
