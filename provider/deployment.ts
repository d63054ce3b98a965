// What `pulumi stack export` tells of our resources. Reads, and decides nothing: what cannot be read is said to be so,
// never taken for nothing.
import { LifecycleError } from "../core/error.ts";
import type { Record } from "../core/record.ts";
import { SecretValue } from "../core/secret-value.ts";
import { decodeState } from "./state-record.ts";

export type TokenKind = "ServiceToken" | "PersonalToken";

/** One token resource in the state; a replaced one that still waits for its deletion is one, too. */
export interface StackToken {
  readonly urn: string;
  readonly kind: TokenKind;
  /** The resource's id. */
  readonly mark: string;
  /** null: it cannot be read; absent revisions: nothing was issued yet. */
  readonly record: Record | null;
}

export interface Deployment {
  readonly project: string;
  readonly stack: string;
  readonly tokens: readonly StackToken[];
  /** The URNs of our resources that an update was creating, changing or deleting when the state was written. */
  readonly pending: readonly string[];
}

type Json = { readonly [key: string]: unknown };
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** Of the dynamic provider and of the plugin. */
const TYPE = /(?:^|[:/])servicetokens:(?:index:)?(ServiceToken|PersonalToken)$/;

function kindOf(type: unknown): TokenKind | null {
  return typeof type === "string" ? ((TYPE.exec(type)?.[1] as TokenKind | undefined) ?? null) : null;
}

const typeOf = (urn: string): string => (urn.split("::")[2] ?? "").split("$").at(-1) ?? "";

const malformed = (why: string): LifecycleError => new LifecycleError("invalid", "STATE_UNREADABLE", `The stack's state cannot be read: ${why}. Look at what "pulumi stack export" prints.`);

function tokenIn(resource: unknown): StackToken[] {
  if (!isObject(resource)) throw malformed("a resource in it is no object");
  const { urn, id, type, outputs } = resource;
  const kind = kindOf(type);
  if (kind === null) return [];
  // A create that had just begun has no id yet.
  if (typeof urn !== "string" || typeof id !== "string" || id === "") return [];
  const shown = isObject(outputs) ? outputs : {};
  const empty: Record = { mark: id, issuer: { url: "", userId: 0 }, current: null, fence: 0, revisions: [] };
  return [{ urn, kind, mark: id, record: (shown["record"] ?? null) === null ? empty : decodeState(shown, id) }];
}

/** A token resource with all that the state holds of it. */
export interface WholeToken extends StackToken {
  readonly outputs: Json;
  readonly inputs: Json;
  /** null: it stands there encrypted, or not at all. */
  readonly token: SecretValue | null;
}

/** As `pulumi stack export --show-secrets` writes one. */
function plain(value: unknown): SecretValue | null {
  if (!isObject(value) || typeof value["plaintext"] !== "string") return null;
  const text: unknown = JSON.parse(value["plaintext"]);
  return typeof text === "string" ? new SecretValue(text) : null;
}

/** The token resources of that name or URN; a replaced one that waits for its deletion counts, too. */
export function wholeTokens(text: string, resource: string): WholeToken[] {
  const { deployment } = JSON.parse(text) as { deployment: { resources?: unknown[] | null } };
  return (deployment.resources ?? []).flatMap((one) => {
    if (!isObject(one)) return [];
    const inputs = isObject(one["inputs"]) ? one["inputs"] : {};
    const outputs = isObject(one["outputs"]) ? one["outputs"] : {};
    return tokenIn(one).flatMap((token) => (token.urn === resource || token.urn.split("::").at(-1) === resource ? [{ ...token, inputs, outputs, token: plain(outputs["token"]) }] : []));
  });
}

/** The stack's name and project stand in every URN. */
function identityOf(resources: readonly unknown[]): { project: string; stack: string } | null {
  const [first] = resources;
  const urn = isObject(first) && typeof first["urn"] === "string" ? first["urn"] : "";
  const [prefix = "", project = ""] = urn.split("::");
  const stack = prefix.replace(/^urn:pulumi:/, "");
  return project === "" || stack === "" ? null : { project, stack };
}

/** `otherwise`: what an empty stack is called, whose state holds no name. */
export function readDeployment(text: string, otherwise: { readonly project: string; readonly stack: string }): Deployment {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed("it is no JSON");
  }
  if (!isObject(value) || value["version"] !== 3 || !isObject(value["deployment"])) throw malformed("it is no deployment of version 3");
  const { resources = [], pending_operations: operations = [] } = value["deployment"];
  if (!Array.isArray(resources ?? []) || !Array.isArray(operations ?? [])) throw malformed("its resources are no list");
  const all = (resources ?? []) as unknown[];
  return {
    ...(identityOf(all) ?? otherwise),
    tokens: all.flatMap(tokenIn),
    pending: ((operations ?? []) as unknown[]).flatMap((operation) => {
      const resource = isObject(operation) ? operation["resource"] : null;
      const urn = isObject(resource) ? resource["urn"] : null;
      return typeof urn === "string" && kindOf(typeOf(urn)) !== null ? [urn] : [];
    }),
  };
}
