// A ServiceUser as the cache keeps it.
import type { UserSpec } from "../core/user/desired.ts";
import { API_VERSION, declared, type Declared, type IssuerRef, type TokenStatus } from "./kinds.ts";
import { defineResource, type KubeObject } from "./runtime/index.ts";
import { examineUser } from "./user-validity.ts";

export const serviceUsers = defineResource(API_VERSION, "ServiceUser", "serviceusers");

export interface UserObject extends Declared {
  readonly spec: UserSpec & { readonly issuerRef: IssuerRef };
  /** What is wrong with it; see user-validity.ts. */
  readonly complaint: string | null;
  readonly status: TokenStatus | null;
}

export function projectUser(object: KubeObject): UserObject {
  return { ...declared(object), ...examineUser(object.spec), status: (object.status as TokenStatus | undefined) ?? null };
}

/** Why only a person can help it; null: it goes on by itself, or has not said yet. */
export const stalledOf = ({ status }: UserObject): string | null => status?.conditions?.find(({ type, status: is }) => type === "Stalled" && is === "True")?.message ?? null;
