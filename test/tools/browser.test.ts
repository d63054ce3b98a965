// tools/engines chromium: the machine's own browser, else the package manager's, else a
// sentence that says what to do. The script is the real one; what it would install stands
// at the edge, as an `apt-get` of a few lines.
import { spawnSync } from "node:child_process";
import { accessSync, chmodSync, constants, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const source = join(import.meta.dirname, "../../tools");
const programs = "bash env uname dirname basename readlink mkdir mv rm chmod cat tail mktemp".split(" ");

let place: string;
let path: string;
let root: string;

const script = (file: string, text: string): void => {
  writeFileSync(file, `#!/usr/bin/env bash\n${text}`);
  chmodSync(file, 0o755);
};

function onMachine(name: string): string | undefined {
  return (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "browser-engine-"));
  path = join(place, "path");
  root = join(place, "clone");
  mkdirSync(path);
  cpSync(source, join(root, "tools"), { recursive: true });
  for (const name of programs) {
    const file = onMachine(name);
    if (file !== undefined) symlinkSync(file, join(path, name));
  }
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const engines = (env: Record<string, string> = {}): { code: number | null; said: string } => {
  const ran = spawnSync(join(root, "tools/engines"), ["--for", "a test", "chromium"], { encoding: "utf8", env: { PATH: path, HOME: place, ...env } });
  return { code: ran.status, said: ran.stderr };
};
const starts = (): string => spawnSync(join(root, ".tools/bin/chromium"), ["--headless"], { encoding: "utf8", env: { PATH: path } }).stdout.trim();
const asUser = (id: number): void => script(join(path, "id"), `echo ${id}\n`);
/** Installs, as apt-get would, a browser that says its arguments. */
const apt = (text = `[ "\${*: -1}" != chromium ] || { printf '#!/usr/bin/env bash\\necho installed $*\\n' >${"$PLACE"}/path/chromium; chmod +x ${"$PLACE"}/path/chromium; }\n`): void => script(join(path, "apt-get"), text);

test("the machine's own is used under whatever name, and found again without a word", () => {
  script(join(path, "google-chrome"), "echo own $*\n");
  expect(engines()).toEqual({ code: 0, said: "" });
  expect(starts()).toBe("own --headless");
  expect(engines()).toEqual({ code: 0, said: "" });
});

test("one that went away is looked for again", () => {
  script(join(path, "google-chrome"), "echo own $*\n");
  engines();
  rmSync(join(path, "google-chrome"));
  script(join(path, "chromium-browser"), "echo other $*\n");
  expect(engines().code).toBe(0);
  expect(starts()).toBe("other --headless");
});

test("CHROME_PATH wins, also with a space in it; one that is no program is named", () => {
  script(join(path, "chromium"), "echo own $*\n");
  script(join(place, "my browser"), "echo mine $*\n");
  expect(engines({ CHROME_PATH: join(place, "my browser") }).code).toBe(0);
  expect(starts()).toBe("mine --headless");
  const wrong = engines({ CHROME_PATH: join(place, "nothing") });
  expect(wrong.code).toBe(1);
  expect(wrong.said).toContain(`CHROME_PATH=${join(place, "nothing")}`);
});

test("root gets it from apt-get, and is told beforehand", () => {
  asUser(0);
  apt();
  const ran = engines({ PLACE: place });
  expect(ran.said).toContain("chromium is needed for a test and not there yet: installing it with apt-get");
  expect(ran.code).toBe(0);
  expect(starts()).toBe("installed --headless");
});

test.each<[string, () => void, string]>([
  ["another user is told what to run", () => { asUser(1000); apt(); }, "sudo apt-get install chromium"],
  ["apt-get's own words are shown when it fails", () => { asUser(0); apt("echo 'E: no network' >&2; exit 100\n"); }, "E: no network"],
  ["without apt-get, a person has to install one", () => undefined, "install Chromium or Google Chrome"],
])("%s", (_title, prepare, words) => {
  prepare();
  const ran = engines({ PLACE: place });
  expect(ran.code).toBe(1);
  expect(ran.said).toContain(words);
  expect(ran.said).toContain("CHROME_PATH");
  expect(existsSync(join(root, ".tools/bin/chromium"))).toBe(false);
});
