// Who a resource is, told by its constructor: only there are project, stack and parent known.
import * as pulumi from "@pulumi/pulumi";
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
