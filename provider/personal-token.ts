import * as pulumi from "@pulumi/pulumi";
import { PERSONAL_TOKEN } from "./contract.ts";
import { shortTrace } from "./short-trace.ts";
import type { TokenArgs } from "./token-args.ts";
import { tokenOptions, tokenProperties, type TokenOutputs } from "./token-outputs.ts";

export interface PersonalTokenArgs extends TokenArgs {}

export interface PersonalToken extends TokenOutputs {}

/**
 * A token of the person whose credential runs `pulumi up`. Everybody who runs it has to be that person: another one's
 * credential does not see the token. For anything shared, use a ServiceToken.
 */
export class PersonalToken extends pulumi.CustomResource {
  /** @param name the resource's name, unique in the stack; also the default of `tokenName` */
  constructor(name: string, args: PersonalTokenArgs = {}, options?: pulumi.CustomResourceOptions) {
    const restore = shortTrace();
    try {
      super(PERSONAL_TOKEN.type, name, tokenProperties(PERSONAL_TOKEN, name, args, options), tokenOptions(options));
    } finally {
      restore();
    }
  }
}
