// Writes schema.json, or with --check says whether it is what would be written.
import { readFileSync, writeFileSync } from "node:fs";
import { ownVersion, packageSchema } from "./schema.ts";

const file = new URL("schema.json", import.meta.url);
const text = `${JSON.stringify(packageSchema(ownVersion()), null, 2)}\n`;

if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (readFileSync(file, "utf8") !== text) {
  process.stderr.write("provider/plugin/schema.json is not what would be generated: run make generate\n");
  process.exit(1);
}
