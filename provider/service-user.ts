import * as pulumi from "@pulumi/pulumi";
import { SERVICE_USER } from "./contract.ts";
import { identify } from "./identity.ts";
import { shortTrace } from "./short-trace.ts";

export interface ServiceUserArgs {
  /** Its name, at most 255 characters. It cannot be renamed: another name is another user, and replaces this one. */
  readonly name: pulumi.Input<string>;
  /** What it may do: `Member` (default), `Editor`, `Manager` or `Admin`. A change counts at once, for its tokens too. */
  readonly role?: pulumi.Input<"Member" | "Editor" | "Manager" | "Admin">;
  /** The names of its teams; the API always adds `Public`. Not given: the teams are left as they are. */
  readonly teams?: pulumi.Input<pulumi.Input<string>[]>;
  /** What `destroy` does. `Orphan` (default): nothing. `Deactivate`: deactivates it; refused while it has active tokens. */
  readonly deletionPolicy?: pulumi.Input<"Orphan" | "Deactivate">;
}

/**
 * A service user: the owner of service tokens. One of that name that exists already is taken over, and a deactivated one
 * is reactivated; the API knows no second user of the same name.
 */
export class ServiceUser extends pulumi.CustomResource {
  /** Its numeric id, for `serviceUser: { id }`. */
  declare readonly userId: pulumi.Output<number>;
  declare readonly name: pulumi.Output<string>;
  declare readonly role: pulumi.Output<string>;
  declare readonly teams: pulumi.Output<string[]>;
  /** What the API calls it: the name in small letters with `@service`. */
  declare readonly user: pulumi.Output<string>;
  declare readonly state: pulumi.Output<"Active" | "Deactivated">;

  constructor(name: string, args: ServiceUserArgs, options?: pulumi.CustomResourceOptions) {
    const self = identify(name, SERVICE_USER, options);
    const announced = { userId: undefined, user: undefined, state: undefined, role: undefined, teams: undefined };
    const restore = shortTrace();
    try {
      super(SERVICE_USER.type, name, { ...announced, ...args, self, __provider: SERVICE_USER.provider }, options);
    } finally {
      restore();
    }
  }
}
