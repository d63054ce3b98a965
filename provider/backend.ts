// Which backend holds the stack's state: found as the CLI finds it, since nobody tells a provider. Two stacks of one
// name in two backends are two stacks, and their tokens are not to be taken for each other's.
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder of the program. */
  readonly folder: string;
}

const PROJECT_FILES = ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"];
const FILE = "file://";

/** The backend's url in one spelling; empty: nobody has logged in, as in a program's unit tests. */
export function backendUrl({ env, folder }: Surroundings): string {
  const variable = env["PULUMI_BACKEND_URL"];
  const url = variable !== undefined && variable !== "" ? variable : (projectFile(folder)?.backend ?? loggedIn(env) ?? "");
  return canonical(url.trim(), env, folder);
}

function canonical(url: string, env: Surroundings["env"], folder: string): string {
  if (!url.startsWith(FILE)) return url.replace(/\/+$/, "");
  const home = env["HOME"] ?? homedir();
  // Only the place counts: what follows a question mark says how it is written to.
  const place = url.slice(FILE.length).replace(/\?.*$/s, "");
  const path = place === "~" ? home : place.startsWith("~/") ? join(home, place.slice(2)) : place;
  return `${FILE}${resolve(folder, path)}`;
}

export interface ProjectFile {
  readonly name?: string;
  /** Its `backend.url`. */
  readonly backend?: string;
}

/** The project file of a program's folder, or of one above it; null: there is none. A JSON file is YAML too. */
export function projectFile(folder: string): ProjectFile | null {
  for (let at = resolve(folder); ; at = dirname(at)) {
    for (const name of PROJECT_FILES) {
      const text = contents(join(at, name));
      if (text !== null) return contentOf(text);
    }
    if (dirname(at) === at) return null;
  }
}

function contentOf(text: string): ProjectFile {
  try {
    const { name, backend } = (parse(text) ?? {}) as { name?: unknown; backend?: { url?: unknown } };
    const url = backend?.url;
    return { ...(typeof name === "string" ? { name } : {}), ...(typeof url === "string" && url !== "" ? { backend: url } : {}) };
  } catch {
    return {};
  }
}

/** What `pulumi login` noted. */
function loggedIn(env: Surroundings["env"]): string | undefined {
  const home = env["PULUMI_CREDENTIALS_PATH"] ?? env["PULUMI_HOME"] ?? join(env["HOME"] ?? homedir(), ".pulumi");
  const text = contents(join(home, "credentials.json"));
  if (text === null) return undefined;
  try {
    const { current } = JSON.parse(text) as { current?: unknown };
    return typeof current === "string" ? current : undefined;
  } catch {
    return undefined;
  }
}

function contents(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
