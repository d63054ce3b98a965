// What the cache is told of our own write: the object with its new metadata, unless somebody else's change came with it.
import { expect, test } from "vitest";
import { afterWrite, ANNOTATION, projectToken } from "../../../controller/kinds.ts";

const metadata = { name: "ingest", namespace: "data", uid: "u", resourceVersion: "5", generation: 2, finalizers: [] as string[] };
const before = projectToken("ServiceToken")({ metadata, spec: { issuerRef: { name: "q" }, serviceUser: { name: "Data Ingest" } } });

test("the spec stays, metadata and status are the new ones", () => {
  const status = { observedGeneration: 2 };
  const after = afterWrite(before, { metadata: { ...metadata, resourceVersion: "6", finalizers: ["f"] } }, { status });
  expect(after).toEqual({ ...before, resourceVersion: "6", finalizers: ["f"], status });
});

test.each([
  ["another spec", { generation: 3 }],
  ["a deletion", { deletionTimestamp: "2026-01-01T00:00:00Z" }],
  ["an order", { annotations: { [ANNOTATION.rotate]: "now" } }],
  ["another object of the name", { uid: "v" }],
])("%s that came meanwhile is not passed over: the watch brings it", (_, change) => {
  expect(afterWrite(before, { metadata: { ...metadata, resourceVersion: "6", ...change } }, {})).toBeNull();
});
