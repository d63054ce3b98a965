// Writes the CRDs from core's schema; with --check it only says whether the committed files are what it would write.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { kinds } from "./kinds.ts";
import { definition, GROUP } from "./parts.ts";

const head = "# Generated from core/schema.ts and crds/kinds.ts by `make generate`. Do not edit.\n";

/** File name and text of every CRD. */
export function render(): { path: string; text: string }[] {
  return kinds.map((kind) => ({
    path: join(import.meta.dirname, `${GROUP}_${kind.plural}.yaml`),
    text: head + stringify(definition(kind), { lineWidth: 140, aliasDuplicateObjects: false }),
  }));
}

function committed(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

if (process.argv[1] === import.meta.filename) {
  const stale = render().filter(({ path, text }) => committed(path) !== text);
  if (!process.argv.includes("--check")) {
    for (const { path, text } of stale) writeFileSync(path, text);
  } else if (stale.length > 0) {
    process.stderr.write(`${stale.map(({ path }) => `${path} is not what \`make generate\` writes`).join("\n")}\n`);
    process.exitCode = 1;
  }
}
