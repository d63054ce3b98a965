// What lies in the state of every stack out there, to the byte: a change here breaks refresh and destroy of them all.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test } from "vitest";
import { PERSONAL_TOKEN, SERVICE_TOKEN, SERVICE_USER } from "../../provider/contract.ts";
import * as delegate from "../../provider/delegate.ts";
import { markFor, nameOf, urnOf } from "../../provider/identity.ts";
import { PersonalToken, ServiceToken, ServiceUser } from "../../provider/index.ts";
import { root } from "../support/pulumi/engine.ts";

const contracts = [SERVICE_TOKEN, PERSONAL_TOKEN, SERVICE_USER];

test("types and delegate texts are what they were", () => {
  expect(contracts).toEqual([
    { type: "pulumi-nodejs:dynamic/servicetokens:ServiceToken", provider: 'exports.handler=()=>require("qualytics-servicetokens/provider/delegate").serviceToken' },
    { type: "pulumi-nodejs:dynamic/servicetokens:PersonalToken", provider: 'exports.handler=()=>require("qualytics-servicetokens/provider/delegate").personalToken' },
    { type: "pulumi-nodejs:dynamic/servicetokens:ServiceUser", provider: 'exports.handler=()=>require("qualytics-servicetokens/provider/delegate").serviceUser' },
  ]);
  for (const { provider } of contracts) expect(Buffer.byteLength(provider)).toBeLessThanOrEqual(100);
});

test("each text names an entry of the package and a handler in it", () => {
  const { exports, name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: Record<string, unknown>; name: string };
  expect(name).toBe("qualytics-servicetokens");
  expect(exports).toHaveProperty("./provider/delegate".replaceAll(".", "\\.").replace("\\./", "./"));
  for (const { provider } of contracts) {
    const handler = /\.(\w+)$/.exec(provider)?.[1] ?? "";
    const handlers = (delegate as Record<string, object>)[handler] ?? {};
    for (const method of ["configure", "check", "diff", "create", "read", "update", "delete"]) expect(handlers).toHaveProperty(method);
  }
});

test("the handlers load by require, so nothing in them waits at the top level", () => {
  const required = createRequire(import.meta.url)(join(root, "provider", "delegate.ts")) as object;
  expect(Object.keys(required).sort()).toEqual(["personalToken", "serviceToken", "serviceUser"]);
});

describe("what a resource registers", () => {
  const seen: Record<string, pulumi.runtime.MockResourceArgs> = {};
  beforeAll(async () => {
    await pulumi.runtime.setMocks(
      {
        call: () => ({}),
        newResource: (args) => {
          seen[args.name] = args;
          return { id: args.name, state: args.inputs };
        },
      },
      "tokens",
      "dev",
    );
    class Pipeline extends pulumi.ComponentResource {
      constructor() {
        super("acme:data:Pipeline", "pipeline");
        new ServiceToken("inner", { serviceUser: { id: 1 } }, { parent: this });
      }
    }
    new Pipeline();
    new ServiceToken("outer", { serviceUser: { name: "a" }, tokenName: "base" });
    new PersonalToken("mine");
    new ServiceUser("user", { name: "Data Ingest" });
    await pulumi.runtime.disconnect();
  });

  test("type and delegate", () => {
    expect(seen["outer"]).toMatchObject({ type: SERVICE_TOKEN.type, inputs: { __provider: SERVICE_TOKEN.provider, tokenName: "base", serviceUser: { name: "a" } } });
    expect(seen["mine"]).toMatchObject({ type: PERSONAL_TOKEN.type, inputs: { __provider: PERSONAL_TOKEN.provider, tokenName: "mine" } });
    expect(seen["user"]).toMatchObject({ type: SERVICE_USER.type, inputs: { __provider: SERVICE_USER.provider, name: "Data Ingest" } });
  });

  test("an identity of its own, with the parent in it", () => {
    expect(urnOf(seen["inner"]?.inputs["self"])).toBe("urn:pulumi:dev::tokens::acme:data:Pipeline$pulumi-nodejs:dynamic/servicetokens:ServiceToken::inner");
    expect(nameOf(seen["inner"]?.inputs["self"])).toBe("inner");
  });
});

test("marks: one scope a stack, one mark a resource, and never another one for the same", () => {
  const urn = "urn:pulumi:dev::tokens::pulumi-nodejs:dynamic/servicetokens:ServiceToken::ingest";
  expect(markFor(`organization/${urn}`)).toBe("hsp7jc-sztafdmv9");
  const other = [`acme/${urn}`, `organization/${urn.replace("dev", "prod")}`, `organization/${urn.replace("tokens::", "others::")}`];
  const scopes = [...other, `organization/${urn}`].map((self) => markFor(self).slice(0, 6));
  expect(new Set(scopes).size).toBe(4);
  expect(markFor(`organization/${urn}2`).slice(0, 6)).toBe("hsp7jc");
  expect(markFor(`organization/${urn}2`)).not.toBe("hsp7jc-sztafdmv9");
});
