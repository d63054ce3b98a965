// What stands in a spec becomes one that can be worked with, whatever it was, and it is said what to write instead.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { examineIssuer } from "../../../controller/issuer-validity.ts";
import { readSpec } from "../../../controller/spec-schema.ts";
import { examineUser } from "../../../controller/user-validity.ts";
import { examine } from "../../../controller/validity.ts";
import { kinds } from "../../../crds/kinds.ts";
import { formed } from "../../support/formed.ts";

type KindName = Parameters<typeof readSpec>[0];

describe("it says where, and what to write", () => {
  test.each<[KindName, object, string]>([
    ["ServiceToken", {}, "issuerRef: it is missing"],
    ["ServiceToken", { issuerRef: {} }, "issuerRef.name: it is missing"],
    ["ServiceToken", { serviceUser: { name: "a", id: 7 } }, "serviceUser: write one of name, id, ref"],
    ["ServiceToken", { serviceUser: { name: 7 } }, "serviceUser.name: write a text"],
    ["ServiceToken", { expiresInDays: "ninety" }, "expiresInDays: write a whole number"],
    ["ServiceToken", { expiresInDays: 0 }, "expiresInDays: write a whole number from 1 to 365"],
    ["ServiceToken", { state: "revoked" }, "state: write one of Active, Revoked"],
    ["ServiceToken", { rotation: { retire: { minOverlap: "soon" } } }, "rotation.retire.minOverlap: write a duration in hours, minutes and seconds, as in 720h or 1h30m"],
    ["ServiceToken", { rotation: { windows: [{ cron: "* * * * *", duration: "1d" }] } }, "rotation.windows[0].duration: write a duration"],
    ["ServiceToken", { restart: "everything" }, "restart: write a list of kind and name"],
    ["ServiceToken", { secret: { template: { "tls.crt": 7 } } }, "secret.template.tls.crt: write a text"],
    ["ServiceToken", { secret: { labels: { "team/name": 7 } } }, "secret.labels.team/name: write a text"],
    ["ServiceToken", { secret: { name: "Not A Name" } }, "secret.name: this is not in its form. Name of the Secret"],
    ["ServiceUser", { teams: "all" }, "teams: write a list of texts"],
    ["ServiceUser", { name: "" }, "name: write at least 1 letter"],
    ["TokenIssuer", { url: 7 }, "url: write a text"],
    ["TokenIssuer", { url: "q.example" }, "url: this is not in its form. Where the API is, as in https://your.qualytics.io."],
    ["TokenIssuer", { credentialsSecretRef: "admin" }, "credentialsSecretRef: write name and key"],
    ["ClusterTokenIssuer", { credentialsSecretRef: { name: "admin" } }, "credentialsSecretRef.namespace: it is missing"],
    ["ClusterTokenIssuer", { policy: { namespaceSelector: { matchExpressions: [{ key: "a", operator: "is" }] } } }, "policy.namespaceSelector.matchExpressions[0].operator: write one of In, NotIn"],
  ])("%s %j", (kind, spec, words) => {
    expect(readSpec(kind, structuredClone(spec)).problems).toContainEqual(expect.stringContaining(words));
  });

  it("says that a spec which is none is none", () => {
    expect(readSpec("TokenIssuer", ["url"]).problems[0]).toBe("spec: write its fields, by their names");
  });
});

it("keeps what can be read beside what cannot, and fills in the defaults of both", () => {
  const { spec, unreadable } = examine("ServiceToken", { issuerRef: { name: "q" }, serviceUser: { name: "Data Ingest" }, rotation: { every: "24h", verify: "no" }, secret: { name: "kept", labels: { team: "data", odd: 7 }, type: 7 } }, {});
  expect(unreadable).toBe(true);
  expect(spec.rotation).toMatchObject({ every: "24h", verify: true, retire: { minOverlap: "1h" } });
  expect(spec.secret).toEqual({ name: "kept", labels: { team: "data" }, type: "Opaque", template: { token: "{{ .token }}" }, adopt: false });
});

it("leaves out a list whole where something in it cannot be read", () => {
  const windows = [{ cron: "0 2 * * *", duration: "4h" }, { cron: 7, duration: "4h" }];
  expect(examine("PersonalToken", { issuerRef: { name: "q" }, rotation: { windows } }, {}).spec.rotation?.windows).toEqual([]);
});

it("leaves a user as it is where nobody can read what becomes of it", () => {
  const { spec, complaint } = examineUser({ issuerRef: { name: "q" }, name: "Data Ingest", deletionPolicy: "deactivate" });
  expect([spec.deletionPolicy, complaint]).toEqual(["Orphan", "deletionPolicy: write one of Orphan, Deactivate."]);
});

test.each([
  ["\u0000", "leave out line breaks"],
  ["a\u2028b", "leave out line breaks"],
  ["a\u202Eb", "marks of writing direction"],
  [" a", "begins or ends with a space"],
  ["a\u3000", "begins or ends with a space"],
  ["a b \u00E9 \u6F22", null],
])("a service user called %j", (name, words) => {
  const { complaint } = examineUser({ issuerRef: { name: "q" }, name });
  expect(complaint).toEqual(words === null ? null : expect.stringContaining(words));
});

test.each([
  [{ resyncInterval: "0s" }, "resyncInterval: it must be at least 1s"],
  [{ url: "https://me:word@q" }, "url: it holds no user and password"],
  [{ url: "https://q/?x=1" }, "url: it has no ? and no #"],
  [{ caBundle: "none" }, "caBundle: it holds PEM certificates"],
  [{ policy: { namespaceSelector: { matchExpressions: [{ key: "team", operator: "In" }] } } }, "In and NotIn take values"],
  [{}, null],
])("the rules of an issuer: %j", (more, words) => {
  const { complaint } = examineIssuer({ url: "https://q", credentialsSecretRef: { name: "admin", namespace: "vault" }, ...more }, "ClusterTokenIssuer");
  expect(complaint).toEqual(words === null ? null : expect.stringContaining(words));
});

test.each(kinds.map(({ kind, spec }) => [kind as KindName, spec] as const))("of any %s there is nothing left that its schema does not take", (kind, schema) => {
  fc.assert(
    fc.property(formed(schema), (raw) => {
      const { fields, problems } = readSpec(kind, raw);
      const again = readSpec(kind, structuredClone(fields)).problems;
      expect(again.filter((problem) => !problem.endsWith(": it is missing"))).toEqual([]);
      if (problems.length === 0) expect(again).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
