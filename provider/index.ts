// The public names. Everything else in this folder is the provider's own.
export { PersonalToken } from "./personal-token.ts";
export type { PersonalTokenArgs } from "./personal-token.ts";
export { ServiceToken } from "./service-token.ts";
export type { ServiceTokenArgs, ServiceUserRef } from "./service-token.ts";
export { getServiceUser, getServiceUserOutput } from "./service-user-lookup.ts";
export type { GetServiceUserArgs, GetServiceUserResult } from "./service-user-lookup.ts";
export { ServiceUser } from "./service-user.ts";
export type { ServiceUserArgs } from "./service-user.ts";
export type { RetireArgs, RotationArgs, TokenArgs, WindowArgs } from "./token-args.ts";
export type { RetiringRevision, TokenOutputs } from "./token-outputs.ts";
