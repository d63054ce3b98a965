// A stack as our commands see it: what it is called, what its state holds, whether an update may be running. The same
// words as the provider has for it, so that both find the same marks.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { scopeOf } from "../core/name.ts";
import { backendUrl, projectFile } from "../provider/backend.ts";
import { readDeployment, wholeTokens, type Deployment, type WholeToken } from "../provider/deployment.ts";
import { markFor } from "../provider/mark.ts";
import { configure } from "../provider/session.ts";
import { UsageError } from "./failure.ts";
import { pulumi, type Place } from "./pulumi-program.ts";

export interface StackFlags {
  readonly stack?: string;
  readonly cwd?: string;
  readonly organization?: string;
}

export interface Stack {
  readonly place: Place;
  readonly backend: string;
  readonly organization: string;
  readonly project: string;
  readonly name: string;
  /** The scope in the marks of whatever this stack creates. */
  readonly scope: string;
}

const FILE = "file://";
/** As the engine calls it where a backend knows no organizations. */
const NO_ORGANIZATION = "organization";

export const placeOf = ({ stack, cwd }: StackFlags): Place => ({ folder: resolve(cwd ?? "."), stack: stack ?? null });

export async function findStack(flags: StackFlags): Promise<Stack> {
  const place = placeOf(flags);
  const file = projectFile(place.folder);
  if (file === null) throw new UsageError(`there is no Pulumi.yaml in ${place.folder} or above it: run this in the program's folder, or name it with --cwd`);
  const backend = backendUrl({ env: process.env, folder: place.folder });
  const words = (place.stack ?? (await pulumi(place, ["stack", "--show-name"])).trim()).split("/");
  const name = words.at(-1) ?? "";
  const project = words.length === 3 ? (words[1] ?? "") : (file.name ?? "");
  const organization = flags.organization ?? (await organizationOf(backend, words, place));
  const urn = `urn:pulumi:${name}::${project}::pulumi:pulumi:Stack::${project}-${name}`;
  return { place, backend, organization, project, name, scope: scopeOf(markFor(`${organization}/${urn}`, backend)) };
}

async function organizationOf(backend: string, words: readonly string[], place: Place): Promise<string> {
  if (!backend.startsWith("http")) return NO_ORGANIZATION;
  if (words.length > 1) return words[0] ?? "";
  return (await pulumi({ ...place, stack: null }, ["org", "get-default"])).trim();
}

/** The mark that a resource of this stack would get. */
export const markIn = ({ organization, backend }: Stack, urn: string): string => markFor(`${organization}/${urn}`, backend);

export async function readState({ place, project, name }: Stack): Promise<Deployment> {
  return readDeployment(await pulumi(place, ["stack", "export"]), { project, stack: name });
}

/** The token resources of that name or URN, with their values, and the whole state. */
export async function readWhole({ place, project, name }: Stack, resource: string): Promise<{ readonly tokens: readonly WholeToken[]; readonly state: Deployment }> {
  const text = await pulumi(place, ["stack", "export", "--show-secrets"]);
  return { state: readDeployment(text, { project, stack: name }), tokens: wholeTokens(text, resource) };
}

/** Whether no update of the stack is running; null: this backend does not let us see it. */
export function isIdle(stack: Stack): boolean | null {
  const root = rootOf(stack);
  if (root === null) return null;
  try {
    return readdirSync(join(root, "locks", ...(knowsProjects(root) ? [NO_ORGANIZATION] : []), wordOf(stack, root))).length === 0;
  } catch (error) {
    // A folder that may not be read tells nothing.
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? true : null;
  }
}

/** The folder of a file backend; null: it is kept elsewhere. */
const rootOf = ({ backend }: Stack): string | null => (backend.startsWith(FILE) ? join(backend.slice(FILE.length), ".pulumi") : null);

/** A backend from before stacks belonged to projects has no such file, and is not told apart otherwise. */
function knowsProjects(root: string): boolean {
  try {
    return !/^version:\s*0\s*$/m.test(readFileSync(join(root, "meta.yaml"), "utf8"));
  } catch {
    return false;
  }
}

/** What it calls the stack in its folders. */
const wordOf = ({ project, name }: Stack, root: string): string => (knowsProjects(root) ? join(project, name) : name);

/** Where a file backend keeps a stack. */
export interface StackFiles {
  /** Without its ending. */
  readonly state: string;
  /** The folder with what it was after earlier updates. */
  readonly backups: string;
}

/** null: it is kept elsewhere. */
export function filesOf(stack: Stack): StackFiles | null {
  const root = rootOf(stack);
  if (root === null) return null;
  const at = (folder: string): string => join(root, folder, wordOf(stack, root));
  return { state: at("stacks"), backups: at("backups") };
}

/** The stack's own credential serves where the environment has none, as it does in the provider. */
export async function useConfiguration(place: Place): Promise<void> {
  const { QUALYTICS_URL: url, QUALYTICS_TOKEN: token, QUALYTICS_TOKEN_FILE: file, QUALYTICS_TOKEN_COMMAND: command } = process.env;
  if (url !== undefined && (token ?? file ?? command) !== undefined) return;
  const settings = JSON.parse(await pulumi(place, ["config", "--json", "--show-secrets"])) as { [key: string]: { value?: string } };
  configure((key) => settings[key]?.value);
}
