// Which service user a token object means, and when one that is deactivated is nobody's business but its own object's.
import { expect, test } from "vitest";
import { projectToken, type TokenObject } from "../../../controller/kinds.ts";
import { ownerOf } from "../../../controller/owner.ts";
import { Store } from "../../../controller/runtime/index.ts";
import { projectUser, type UserObject } from "../../../controller/user-object.ts";

const NAME = "Data Ingest";

const token = (serviceUser: object): TokenObject =>
  projectToken("ServiceToken")({ metadata: { namespace: "data", name: "ingest", uid: "1", resourceVersion: "1" }, spec: { issuerRef: { name: "q" }, serviceUser } });

function owners(more: object = {}, metadata: object = {}): Store<UserObject> {
  const store = new Store<UserObject>({ name: ({ spec }) => spec.name });
  const object = { metadata: { namespace: "data", name: "ingest", uid: "2", resourceVersion: "2", ...metadata }, spec: { issuerRef: { name: "q" }, name: NAME }, ...more };
  store.observeWrite(projectUser(object));
  return store;
}

const waiting = { is: "unknown", reason: "ServiceUserUnknown", message: `Waiting for the service user ${NAME}, which is deactivated: its ServiceUser object reactivates it.` };
const stalled = { status: { conditions: [{ type: "Stalled", status: "True", reason: "PolicyForbids", message: "No.", lastTransitionTime: "t" }] } };
const paused = { annotations: { "tokens.qualytics.io/paused": "true" } };
const elsewhere = { spec: { issuerRef: { name: "other" }, name: NAME } };

test.each<[string, object, Store<UserObject>, { active: boolean; delivered: boolean; problem: object | null }]>([
  ["by name, and its object reactivates it", { name: NAME }, owners(), { active: false, delivered: false, problem: waiting }],
  ["by reference, and its object reactivates it", { ref: "ingest" }, owners(), { active: false, delivered: false, problem: waiting }],
  ["active", { name: NAME }, owners(), { active: true, delivered: false, problem: null }],
  ["and what is delivered does not authenticate, which is said", { name: NAME }, owners(), { active: false, delivered: true, problem: null }],
  ["and its object is deleted", { name: NAME }, owners({}, { deletionTimestamp: "2026-01-01T00:00:00Z" }), { active: false, delivered: false, problem: null }],
  ["and its object is paused", { ref: "ingest" }, owners({}, paused), { active: false, delivered: false, problem: null }],
  ["and its object waits for a person", { name: NAME }, owners(stalled), { active: false, delivered: false, problem: null }],
  ["and the object of that name is of another issuer", { name: NAME }, owners(elsewhere), { active: false, delivered: false, problem: null }],
  ["by number", { id: 7 }, owners(), { active: false, delivered: false, problem: null }],
])("a service user %s", (_, serviceUser, objects, { active, delivered, problem }) => {
  expect(ownerOf(token(serviceUser), { owners: objects, user: () => ({ active }), delivered }).problem).toEqual(problem);
});
