// Proves that the import map and the purity rules bite: known-bad fixtures must be refused, line by line.
import { ESLint } from "eslint";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const eslint = new ESLint({ ignore: false });

async function complaints(fixture: string): Promise<string[]> {
  const path = `test/lint/fixtures/${fixture}`;
  const [result] = await eslint.lintText(readFileSync(path, "utf8"), { filePath: path });
  return (result?.messages ?? []).map((message) => `${message.line} ${message.ruleId}`);
}

test("core/ may not import, read a clock, throw dice or touch the process", async () => {
  expect(await complaints("core/impure.ts")).toEqual([
    "2 no-restricted-imports",
    "3 no-restricted-imports",
    "4 no-restricted-imports",
    "5 no-restricted-imports",
    "7 no-restricted-properties",
    "8 no-restricted-syntax",
    "9 no-restricted-properties",
    "10 no-restricted-globals",
    "11 no-restricted-globals",
    "12 no-restricted-globals",
  ]);
});

test.each([
  ["tokenapi/upward.ts", 4],
  ["server/client.ts", 1],
  ["provider/operator.ts", 1],
  ["controller/runtime/token.ts", 2],
])("%s is refused for each of its %i imports", async (fixture, count) => {
  expect((await complaints(fixture)).filter((line) => line.endsWith("no-restricted-imports"))).toHaveLength(count);
});
