import * as pulumi from "@pulumi/pulumi";
import { SERVICE_TOKEN } from "./contract.ts";
import { shortTrace } from "./short-trace.ts";
import type { TokenArgs } from "./token-args.ts";
import { tokenOptions, tokenProperties, type TokenOutputs } from "./token-outputs.ts";

/** Names a service user by exactly one of name and id. */
export interface ServiceUserRef {
  /** Its name, as the users page shows it. */
  readonly name?: pulumi.Input<string>;
  /** Its numeric id, as in `ServiceUser.userId`. */
  readonly id?: pulumi.Input<number>;
}

export interface ServiceTokenArgs extends TokenArgs {
  /** The service user that owns the token; it has to exist and to be active. A change issues a new revision for the new owner. */
  readonly serviceUser: pulumi.Input<ServiceUserRef>;
  /** The token is good for the SCIM endpoints only. Default `false`. A change issues a new revision. */
  readonly scimEndpointsOnly?: pulumi.Input<boolean>;
}

// The class stands right below CustomResource: the SDK takes the caller of that class for the user's code.
export interface ServiceToken extends TokenOutputs {}

/**
 * A token that an administrator issues to a service user. `pulumi up` creates it, rotates it before it expires (with an
 * overlap, so that consumers have time to follow), revokes, restores and deletes it.
 *
 * The credential is an administrator's token: `QUALYTICS_URL` and `QUALYTICS_TOKEN` in the environment, or
 * `QUALYTICS_TOKEN_FILE`, or the stack's `qualytics:url` and `qualytics:token`.
 */
export class ServiceToken extends pulumi.CustomResource {
  /** @param name the resource's name, unique in the stack; also the default of `tokenName` */
  constructor(name: string, args: ServiceTokenArgs, options?: pulumi.CustomResourceOptions) {
    const restore = shortTrace();
    try {
      super(SERVICE_TOKEN.type, name, tokenProperties(SERVICE_TOKEN, name, args, options), tokenOptions(options));
    } finally {
      restore();
    }
  }
}
