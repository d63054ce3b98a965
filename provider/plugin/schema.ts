// The package's schema for every language: from the one schema of the inputs, and the outputs' words. Written into
// schema.json by `make generate`; the engine's own tools read it from the plugin.
import { readFileSync } from "node:fs";
import type { Schema } from "../../core/schema.ts";
import { PERSONAL_TOKEN_INPUTS, SERVICE_TOKEN_INPUTS, SERVICE_USER_INPUTS } from "../schema.ts";

type Json = { readonly [key: string]: unknown };

const PACKAGE = "servicetokens";
export const token = (name: string): string => `${PACKAGE}:index:${name}`;

/** Object types get names of their own; enumerations are told in words, so that a new word breaks no program. */
class Shapes {
  readonly types: { [token: string]: Json } = {};

  property(name: string, schema: Schema, within: string): Json {
    const { description, type, items, properties, enum: words } = schema;
    const told = [description, words ? `One of ${words.map((word) => `\`${word}\``).join(", ")}.` : undefined, defaultOf(schema)].filter((part) => part !== undefined).join(" ");
    const described = told === "" ? {} : { description: told };
    if (type === undefined) return { $ref: "pulumi.json#/Any", ...described };
    if (type === "array") return { type, items: this.property(name, items ?? {}, within), ...described };
    if (type !== "object") return { type, ...described };
    const own = token(`${within}${name.charAt(0).toUpperCase()}${name.slice(1)}`);
    this.types[own] = { type: "object", ...described, properties: this.properties(properties ?? {}, `${within}${name.charAt(0).toUpperCase()}${name.slice(1)}`), ...required(schema) };
    return { $ref: `#/types/${own}`, ...described };
  }

  properties(properties: { readonly [name: string]: Schema }, within: string): { [name: string]: Json } {
    return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, this.property(name, schema, within)]));
  }
}

const required = ({ required: names }: Schema): Json => (names && names.length > 0 ? { required: [...names] } : {});

function defaultOf({ default: value }: Schema): string | undefined {
  return value === undefined || typeof value === "object" ? undefined : `Default: \`${String(value)}\`.`;
}

const text = (description: string): Json => ({ type: "string", description });
const whole = (description: string): Json => ({ type: "integer", description });

const TOKEN_OUTPUTS: { readonly [name: string]: Json } = {
  token: { ...text("The value of the current revision. Absent while none was issued."), secret: true },
  tokenId: whole("The current revision's id at the API."),
  tokenName: text("The current revision's name at the API: the name that was asked for, with the resource's mark and the revision."),
  revision: whole("The number of the current revision, counted from 1; 0 while none was issued."),
  expiresAt: text("When the current revision expires; RFC 3339. Absent: never."),
  renewAt: text("From when on an update rotates; RFC 3339. Absent: never by time."),
  lastUsedAt: text("When the current revision was last used, as of the last update or refresh; RFC 3339. Absent: never."),
  usage: text("`Used` or `NotUsed` since its delivery, as of the last update or refresh."),
  state: text("`Active`, `Revoked`, `Expired` or `Deleted`, as of the last update or refresh."),
  nextAction: text("What comes next by itself, when, and why, in words."),
  retiring: { type: "array", items: { $ref: `#/types/${token("RetiringRevision")}` }, description: "Older revisions that stay valid beside the current one." },
  record: text("The engine's memory of this resource. Never holds a token. Its form may change between versions."),
};
const TOKEN_CERTAIN = ["tokenName", "revision", "usage", "state", "nextAction", "retiring"];

const USER: { readonly [name: string]: Json } = {
  userId: whole("Its numeric id."),
  name: text("Its name."),
  role: text("What it may do: `Member`, `Editor`, `Manager` or `Admin`."),
  teams: { type: "array", items: { type: "string" }, description: "The names of its teams." },
  user: text("What the API calls it: the name in small letters with `@service`."),
  state: text("`Active` or `Deactivated`."),
};

const RETIRING: Json = {
  type: "object",
  description: "An older revision that stays valid beside the current one.",
  properties: {
    revision: whole("Its number."),
    tokenId: whole("Its id at the API."),
    expiresAt: text("When it expires; RFC 3339. Absent: never."),
    retireAt: text("When it is revoked at the latest, as far as is known now; the first update after that does it."),
  },
  required: ["revision", "tokenId"],
};

const CONFIG: { readonly [name: string]: Json } = {
  url: text("The token API's url. `QUALYTICS_URL` in the environment comes first."),
  token: { ...text("A token of an administrator. `QUALYTICS_TOKEN`, `QUALYTICS_TOKEN_FILE` and `QUALYTICS_TOKEN_COMMAND` in the environment come first."), secret: true },
  caFile: text("A PEM file: these authorities are trusted instead of the public ones. `QUALYTICS_CA_FILE` in the environment comes first."),
};

interface Words {
  readonly description: string;
  readonly inputs: Schema;
  readonly outputs: { readonly [name: string]: Json };
  readonly certain: readonly string[];
}

function resource(shapes: Shapes, name: string, { description, inputs, outputs, certain }: Words): Json {
  const inputProperties = shapes.properties(inputs.properties ?? {}, name);
  return { description, inputProperties, requiredInputs: [...(inputs.required ?? [])], properties: { ...inputProperties, ...outputs }, required: [...new Set([...(inputs.required ?? []), ...certain])] };
}

/** The version that the package is published as. */
export function ownVersion(): string {
  for (const place of ["../../package.json", "../../../package.json"]) {
    try {
      return (JSON.parse(readFileSync(new URL(place, import.meta.url), "utf8")) as { version: string }).version;
    } catch {
      // Run from the sources, or from dist/.
    }
  }
  return "0.0.0";
}

export function packageSchema(version: string): Json {
  const shapes = new Shapes();
  shapes.types[token("RetiringRevision")] = RETIRING;
  const resources = {
    [token("ServiceToken")]: resource(shapes, "ServiceToken", {
      description: "A token that an administrator issues to a service user. An update creates it, rotates it before it expires (with an overlap, so that consumers have time to follow), revokes, restores and deletes it.",
      inputs: SERVICE_TOKEN_INPUTS,
      outputs: TOKEN_OUTPUTS,
      certain: TOKEN_CERTAIN,
    }),
    [token("PersonalToken")]: resource(shapes, "PersonalToken", {
      description: "A token of the person whose credential runs the update. Everybody who runs it has to be that person.",
      inputs: PERSONAL_TOKEN_INPUTS,
      outputs: TOKEN_OUTPUTS,
      certain: TOKEN_CERTAIN,
    }),
    [token("ServiceUser")]: resource(shapes, "ServiceUser", {
      description: "A service user: the owner of service tokens. One of that name that exists already is taken over, and a deactivated one is reactivated.",
      inputs: SERVICE_USER_INPUTS,
      outputs: USER,
      certain: Object.keys(USER),
    }),
  };
  return {
    name: PACKAGE,
    displayName: "Qualytics service tokens",
    version,
    description: "Qualytics API tokens as code: issued, rotated with overlap, revoked and deleted.",
    keywords: ["pulumi", "qualytics", "category/utility", "kind/native"],
    license: "Apache-2.0",
    config: { variables: CONFIG },
    provider: { description: "Where the token API is, and with what right it is asked.", inputProperties: CONFIG, properties: CONFIG },
    types: shapes.types,
    resources,
    functions: {
      [token("getServiceUser")]: {
        description: "Looks a service user up by exactly one of name and id.",
        inputs: { type: "object", properties: { name: text("Its name, as the users page shows it."), id: whole("Its numeric id.") } },
        outputs: { type: "object", properties: USER, required: Object.keys(USER) },
      },
    },
    language: { nodejs: { respectSchemaVersion: true }, python: { respectSchemaVersion: true }, go: { respectSchemaVersion: true }, csharp: { respectSchemaVersion: true } },
  };
}
