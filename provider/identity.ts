// Who a resource is, told by its constructor: only there are project, stack and parent known.
import * as pulumi from "@pulumi/pulumi";
import { markOf } from "../core/name.ts";
import type { Contract } from "./contract.ts";

/** As the engine itself calls it where there is none; a program's unit tests have none either. */
const NO_ORGANIZATION = "organization";

function organization(): string {
  try {
    return pulumi.getOrganization();
  } catch {
    return NO_ORGANIZATION;
  }
}

/** "<organization>/<URN>". The organization counts: its neighbours may use the same names. */
export function identify(name: string, { type }: Contract, options: pulumi.CustomResourceOptions | undefined): pulumi.Output<string> {
  return pulumi.interpolate`${organization()}/${pulumi.createUrn(name, type, options?.parent)}`;
}

/** The URN in an identity, so that messages show up with the resource they are about; null: there is none. */
export function urnOf(self: unknown): string | null {
  return typeof self === "string" && self.includes("/urn:") ? self.slice(self.indexOf("/urn:") + 1) : null;
}

/** The resource's name in the program, for sentences. */
export function nameOf(self: unknown): string {
  return urnOf(self)?.split("::").at(-1) ?? "this resource";
}

/**
 * What stands at the end of every token's name: one stack is one scope. It is computed once, when the resource is
 * created; from then on it is the resource's id, whatever is renamed.
 */
export function markFor(self: unknown): string {
  const text = String(self);
  const [stack = "", project = ""] = (urnOf(text) ?? "").replace(/^urn:pulumi:/, "").split("::");
  return markOf(`pulumi/${text.slice(0, text.indexOf("/urn:"))}/${project}/${stack}`, text);
}
