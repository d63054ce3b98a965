// The outputs that both kinds of token share, and how they are registered.
import * as pulumi from "@pulumi/pulumi";
import type { Contract } from "./contract.ts";
import { identify } from "./identity.ts";
import type { TokenArgs } from "./token-args.ts";

/** An older revision that stays valid beside the current one. */
export interface RetiringRevision {
  readonly revision: number;
  readonly tokenId: number;
  /** RFC 3339; absent: never. */
  readonly expiresAt?: string;
  /** When it is revoked at the latest, as far as is known now. RFC 3339. The first `pulumi up` after that does it. */
  readonly retireAt?: string;
}

/** What a ServiceToken and a PersonalToken show. Times are RFC 3339, UTC. */
export interface TokenOutputs {
  /** The token's value, of the current revision. Always a secret. Absent while none was issued (`state: "Revoked"` from the start). */
  readonly token: pulumi.Output<string>;
  /** The current revision's id at the API. */
  readonly tokenId: pulumi.Output<number>;
  /** The current revision's name at the API: the `tokenName` that was asked for, with the resource's mark and the revision. */
  readonly tokenName: pulumi.Output<string>;
  /** The number of the current revision, counted from 1; 0 while none was issued. */
  readonly revision: pulumi.Output<number>;
  /** When the current revision expires; absent: never. */
  readonly expiresAt: pulumi.Output<string | undefined>;
  /** From when on a `pulumi up` rotates; absent: never by time. */
  readonly renewAt: pulumi.Output<string | undefined>;
  /** When the current revision was last used, as of the last update or refresh; absent: never. */
  readonly lastUsedAt: pulumi.Output<string | undefined>;
  /** Whether anybody but us has used the current revision, as of the last update or refresh. */
  readonly usage: pulumi.Output<"Used" | "NotUsed">;
  /** The current revision's state, as of the last update or refresh. */
  readonly state: pulumi.Output<"Active" | "Revoked" | "Expired" | "Deleted">;
  /** What comes next by itself, when, and why, in words. */
  readonly nextAction: pulumi.Output<string>;
  /** Older revisions that stay valid beside the current one. */
  readonly retiring: pulumi.Output<RetiringRevision[]>;
  /** The engine's memory of this resource. Never holds a token. Its form may change between versions. */
  readonly record: pulumi.Output<string>;
}

/** Registered without a value, so that each becomes an output. `state` and `tokenName` are inputs too. */
const OUTPUTS: readonly (keyof TokenOutputs)[] = [
  "token",
  "tokenId",
  "revision",
  "expiresAt",
  "renewAt",
  "lastUsedAt",
  "usage",
  "state",
  "nextAction",
  "retiring",
  "record",
];

/** What a constructor registers. */
export function tokenProperties(contract: Contract, name: string, args: TokenArgs, options: pulumi.CustomResourceOptions | undefined): pulumi.Inputs {
  const announced = Object.fromEntries(OUTPUTS.map((output) => [output, undefined]));
  return { ...announced, ...args, tokenName: args.tokenName ?? name, self: identify(name, contract, options), __provider: contract.provider };
}

export function tokenOptions(options: pulumi.CustomResourceOptions | undefined): pulumi.CustomResourceOptions {
  return pulumi.mergeOptions(options, { additionalSecretOutputs: ["token"] });
}
