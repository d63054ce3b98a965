// Who wrote the data of a Secret is read from its managed fields: nothing else is known without reading it.
import { expect, test } from "vitest";
import { DELIVERY_ANNOTATION, projectSecret, RECORD_ANNOTATION } from "../../../controller/secret-record.ts";
import { encodeRecord } from "../../../core/record.ts";

const record = { mark: "abcdef-abcdefgh1", issuer: { url: "https://q", userId: 1 }, current: null, fence: 3, revisions: [] };
const note = { look: "l", keys: ["token"], sha256: "s" };

const secret = (managedFields: unknown[], annotations: Record<string, string> = { [RECORD_ANNOTATION]: encodeRecord(record), [DELIVERY_ANNOTATION]: JSON.stringify(note) }): object => ({
  metadata: { name: "s", namespace: "n", uid: "u", resourceVersion: "1", annotations, managedFields, ownerReferences: [{ apiVersion: "v1", kind: "ServiceToken", name: "s", uid: "o", controller: true }] },
});
const wrote = (manager: string, ...keys: string[]): object => ({ manager, fieldsV1: { "f:data": { ".": {}, ...Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) }, "f:type": {} } });

test("data that our manager alone wrote is ours, key by key", () => {
  expect(projectSecret(secret([wrote("servicetokens", "token", "url")])).ours).toMatchObject({ record, note, ownKeys: ["token", "url"] });
});

test("a key that anybody else wrote has to be read, and others' own keys are none of ours", () => {
  expect(projectSecret(secret([wrote("servicetokens", "url", "token"), wrote("kubectl-edit", "token", "theirs")])).ours?.ownKeys).toEqual(["url"]);
});

test("somebody who wrote only metadata does not matter", () => {
  expect(projectSecret(secret([wrote("servicetokens", "token"), { manager: "kubectl-label", fieldsV1: { "f:metadata": {} } }])).ours?.ownKeys).toEqual(["token"]);
});

test("of a Secret that bears nothing of ours nothing is kept", () => {
  expect(projectSecret(secret([wrote("helm", "password")], { other: "x" }))).toMatchObject({ key: "n/s", owner: { kind: "ServiceToken", uid: "o" }, ours: null });
});

test.each(["", "{", "[]", "{\"look\":1}", "null"])("a delivery note that says %j is no note", (text) => {
  expect(projectSecret(secret([], { [RECORD_ANNOTATION]: "broken", [DELIVERY_ANNOTATION]: text })).ours).toMatchObject({ record: null, note: null });
});
