// How a page that is made by a program gets into its file; with --check it only says whether the file is what would be written.
import { readFileSync, writeFileSync } from "node:fs";

function committed(target: string): string {
  try {
    return readFileSync(target, "utf8");
  } catch {
    return "";
  }
}

/** Ends with exit code 1 where `--check` finds another text than `text` in the file `target`. */
export function generate(target: string, text: string, generator: string): void {
  if (!process.argv.includes("--check")) {
    writeFileSync(target, text);
  } else if (committed(target) !== text) {
    process.stderr.write(`${target} is not what \`node ${generator}\` writes: run make generate\n`);
    process.exitCode = 1;
  }
}
