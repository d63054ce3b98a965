// From a resource's identity to its mark, and what the state keeps of it. Knows no SDK: commands ask here too.
import { markOf } from "../core/name.ts";
import { backendUrl } from "./backend.ts";

/** The URNs of the resources that were introduced to this process, by their marks. */
const introduced = new Map<string, string>();

/** What the state is to keep of an identity: its mark, a sixth of its length. The URN stands with the resource anyhow. */
export function introduce(self: unknown): unknown {
  const urn = urnOf(self);
  if (urn === null) return self;
  const mark = markFor(self);
  introduced.set(mark, urn);
  return mark;
}

/** The URN behind an identity, so that messages show up with the resource they are about; null: there is none. */
export function urnOf(self: unknown): string | null {
  if (typeof self !== "string") return null;
  return self.includes("/urn:") ? self.slice(self.indexOf("/urn:") + 1) : (introduced.get(self) ?? null);
}

/** The resource's name in the program; `last`: what it was called before, where nobody introduced it, as in a refresh. */
export function nameOf(self: unknown, last = "this resource"): string {
  return urnOf(self)?.split("::").at(-1) ?? last;
}

let backend: string | null = null;

/** The backend of the operation that this process serves: it does not change meanwhile. */
const ownBackend = (): string => (backend ??= backendUrl({ env: process.env, folder: process.cwd() }));

/**
 * What stands at the end of every token's name: one stack of one backend is one scope. It is computed once, when the
 * resource is created; from then on it is the resource's id, whatever is renamed or moved.
 */
export function markFor(self: unknown, where: string = ownBackend()): string {
  const text = String(self);
  if (!text.includes("/urn:")) return text;
  const [stack = "", project = ""] = (urnOf(text) ?? "").replace(/^urn:pulumi:/, "").split("::");
  return markOf(`pulumi/${where}/${text.slice(0, text.indexOf("/urn:"))}/${project}/${stack}`, text);
}

/**
 * The same for a resource of the plugin, which is told more: the id of its provider resource is random, stands in the
 * state before anything is created, and is in no other stack.
 */
export function markOfProvider(provider: string, urn: string): string {
  return markOf(`pulumi/provider/${provider}`, urn);
}
