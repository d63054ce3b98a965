// The life of a ServiceToken on a real apiserver, against the real token service, on the real clock.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyIssuer, fast, serviceToken, startScene, until, type Operator, type Scene, type Token } from "../support/scene.ts";

let scene: Scene;
let operator: Operator;

beforeAll(async () => {
  scene = await startScene();
  await applyIssuer(scene);
  operator = await scene.operator("--leader-elect=true");
});

afterAll(() => scene.close());

interface Versioned {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
}

const apply = (object: object): Promise<void> => scene.apply(object);
const named = async (name: string): Promise<Token[]> =>
  (await scene.tokens()).filter((token) => token.name.startsWith(`default-${name}-`));

async function issued(name: string, spec: object = {}): Promise<string> {
  await apply(serviceToken(name, spec));
  await scene.ready(name);
  return (await scene.value(name)) ?? "";
}

test("an applied token becomes Ready, and what stands in the Secret authenticates as its service user", async () => {
  await scene.kubectl("apply -f -", serviceToken("plain"));
  await scene.kubectl("wait --for=condition=Ready servicetoken/plain --timeout=30s");
  const value = (await scene.value("plain")) ?? "";
  const { status, body } = await scene.service.api<{ name: string }>("GET", "/api/users/me", undefined, value);
  expect([status, body.name]).toEqual([200, "Data Ingest"]);
  expect(await scene.kubectl("get servicetoken plain --no-headers")).toMatch(/^plain\s+True\s+Data Ingest\s+1\s+\d{4}-/);
  await scene.tells("Issued and delivered revision 1 of default/plain");
  expect((await named("plain")).map(({ active }) => active)).toEqual([true]);
});

test.concurrent("kubectl wait sees a new object as unfinished, and a wrong one is refused with what to write instead", async () => {
  const refused = (spec: object): Promise<string> => scene.refusal(serviceToken("wrong", spec));
  expect(await refused({ expiresInDays: 0 })).toContain("spec.expiresInDays");
  expect(await refused({ expiresInDays: 400 })).toContain("less than or equal to 365");
  expect(await refused({ serviceUser: {} })).toContain("exactly one of name, id and ref");
  expect(await refused({ tokenName: "x".repeat(300) })).toContain("tokenName");
  expect(await refused({ expiresInDays: 1, rotation: { renewBefore: "24h" } })).toContain("renewBefore must be shorter than the lifetime");
  expect(await refused({ rotation: { retire: { minOverlap: "3h", maxOverlap: "2h" } } })).toContain("make minOverlap shorter");
  expect(await refused({ secret: { template: { token: "constant" } } })).toContain("{{ .token }}");
  expect(await refused({ expiresInDays: 3, neverExpires: true })).toContain("exclude each other");
});

test.concurrent("state: Revoked revokes at once, and back to Active gives the same secret", async () => {
  const value = await issued("switch");
  await apply(serviceToken("switch", { state: "Revoked" }));
  await until("it is revoked", async () => (await scene.authenticate(value)) === 401);
  const revoked = await until("it says so", async () => (await scene.status("switch")).conditions?.find(({ reason }) => reason === "Revoked"));
  expect(revoked).toMatchObject({ type: "Ready", status: "False" });
  expect(await scene.value("switch")).toBe(value);
  await apply(serviceToken("switch", { state: "Active" }));
  await scene.ready("switch");
  expect(await scene.value("switch")).toBe(value);
  expect(await scene.authenticate(value)).toBe(200);
});

test.concurrent("a token revoked elsewhere is noticed and replaced", async () => {
  const value = await issued("elsewhere");
  const [token] = await named("elsewhere");
  await scene.service.api("PUT", `/api/user-tokens/${token?.id}`, { revoke: true });
  const next = await until("another value is delivered", async () => {
    const now = await scene.value("elsewhere");
    return now !== value && now;
  });
  expect(await scene.authenticate(next)).toBe(200);
  await until("it is told", async () => (await scene.ready("elsewhere")).token?.revision === 2);
});

test.concurrent("a token deleted elsewhere is replaced after two looks", async () => {
  const value = await issued("deleted");
  const [token] = await named("deleted");
  await scene.service.api("PUT", `/api/user-tokens/${token?.id}`, { revoke: true });
  await scene.service.api("DELETE", `/api/user-tokens/${token?.id}`);
  const next = await until("another value is delivered", async () => {
    const now = await scene.value("deleted");
    return now !== value && now;
  });
  expect(await scene.authenticate(next)).toBe(200);
});

test.concurrent("onExternalChange: Restore takes back the revocation, Report only says so", async () => {
  const kept = await issued("taken-back", { onExternalChange: "Restore" });
  const [token] = await named("taken-back");
  await scene.service.api("PUT", `/api/user-tokens/${token?.id}`, { revoke: true });
  await until("it is active again", async () => (await named("taken-back"))[0]?.active === true && (await scene.authenticate(kept)) === 200);
  expect(await scene.value("taken-back")).toBe(kept);
  await issued("reported", { onExternalChange: "Report" });
  const [second] = await named("reported");
  await scene.service.api("PUT", `/api/user-tokens/${second?.id}`, { revoke: true });
  const stalled = await until("it says so", async () => (await scene.status("reported")).conditions?.find(({ type }) => type === "Stalled"));
  expect(stalled.reason).toBe("RevokedElsewhere");
  expect(await named("reported")).toHaveLength(1);
});

test.concurrent("an edited Secret and a deleted Secret are repaired, and no token without an owner stays", async () => {
  const value = await issued("drift");
  await scene.kubectl("patch secret drift --type merge -p {\"data\":{\"token\":\"aGFja2Vk\"}}");
  const second = await until("the edit is repaired", async () => {
    const now = await scene.value("drift");
    return now !== null && now !== value && now !== "hacked" && now;
  });
  expect(await scene.authenticate(second)).toBe(200);
  await scene.kubectl("delete secret drift");
  const third = await until("the Secret is back", async () => {
    const now = await scene.value("drift");
    return now !== null && now !== second && now;
  }, 60_000);
  expect(await scene.authenticate(third)).toBe(200);
  await scene.ready("drift");
});

test.concurrent("a changed look is written again with the same token", async () => {
  const value = await issued("look");
  await apply(serviceToken("look", { secret: { labels: { team: "data" }, template: { token: "{{ .token }}", env: "URL={{ .url }}\nTOKEN={{ .token }}" } } }));
  await until("the label is there", async () => (await scene.label("look", "team")) === "data");
  expect(await scene.value("look")).toBe(value);
  const env = Buffer.from(await scene.kubectl("get secret look -o jsonpath={.data.env}"), "base64").toString("utf8");
  expect(env).toBe(`URL=${scene.service.url}\nTOKEN=${value}`);
  await scene.kubectl("label secret look team-");
  await until("a label taken away comes back", async () => (await scene.label("look", "team")) === "data");
});

test.concurrent("a rotation keeps the old token alive until the new one is used, then revokes and deletes it", async () => {
  const first = await issued("rotating", fast({ renewBefore: "86394s" }));
  const second = await until("the next revision is delivered", async () => {
    const now = await scene.value("rotating");
    return now !== first && now;
  }, 30_000);
  expect([await scene.authenticate(first), await scene.authenticate(second)]).toEqual([200, 200]);
  expect((await scene.status("rotating")).conditions?.find(({ type }) => type === "Rotating")?.status).toBe("True");
  // Consumers use the new one from now on: the old one stands still and retires well before maxOverlap would end it.
  await until("the old one is revoked", async () => {
    await scene.authenticate(second);
    const old = (await named("rotating")).find(({ name }) => name.endsWith("-r1"));
    return old === undefined || !old.active;
  });
  expect(await scene.authenticate(first)).toBe(401);
  await until("the old one is deleted", async () => (await named("rotating")).every(({ name }) => !name.endsWith("-r1")));
  await scene.kubectl("delete servicetoken rotating");
  await until("all are gone", async () => (await named("rotating")).length === 0);
});

test.concurrent("the rotate annotation rotates once, and compromised revokes and deletes at once", async () => {
  const first = await issued("asked");
  await scene.kubectl("annotate servicetoken asked tokens.qualytics.io/rotate=now");
  const second = await until("it is rotated", async () => {
    const now = await scene.value("asked");
    return now !== first && now;
  });
  expect(await scene.authenticate(first)).toBe(200);
  await scene.kubectl("annotate servicetoken asked tokens.qualytics.io/compromised=2");
  await until("the leaked one is refused", async () => (await scene.authenticate(second)) === 401);
  const third = await until("a new one is delivered", async () => {
    const now = await scene.value("asked");
    return now !== second && now;
  });
  expect(await scene.authenticate(third)).toBe(200);
  await until("the leaked one is deleted", async () => (await named("asked")).every(({ name }) => !name.endsWith("-r2")));
});

test("deletion removes Secret and token; Revoke keeps the token for audit; Orphan leaves both", async () => {
  await issued("gone");
  await issued("audit", { deletionPolicy: "Revoke" });
  const orphan = await issued("orphan", { deletionPolicy: "Orphan" });
  await scene.kubectl("delete servicetoken gone audit orphan --timeout=30s");
  expect(await named("gone")).toEqual([]);
  expect((await named("audit")).map(({ active }) => active)).toEqual([false]);
  expect([await scene.value("gone"), await scene.value("audit")]).toEqual([null, null]);
  expect(await scene.value("orphan")).toBe(orphan);
  expect(await scene.authenticate(orphan)).toBe(200);
});

test("an object made anew under an old name leaves the audited token alone", async () => {
  const [audited] = await named("audit");
  // Both the API and the apiserver tell the second in which something was made: within the same one nobody knows which came first.
  await sleep(Math.max(0, Date.parse(audited?.created ?? "") + 1_000 - Date.now()));
  const value = await issued("audit");
  expect(await scene.authenticate(value)).toBe(200);
  expect((await named("audit")).map(({ id, active }) => [id, active])).toContainEqual([audited?.id, false]);
});

test("a Secret of somebody else is never written, and the token comes once it is out of the way", async () => {
  await scene.kubectl("create secret generic foreign --from-literal=token=mine");
  await apply(serviceToken("foreign"));
  const stalled = await until("it says whose", async () => (await scene.status("foreign")).conditions?.find(({ type }) => type === "Stalled"));
  expect([stalled.reason, stalled.message]).toEqual(["SecretNotOurs", expect.stringContaining("secret.adopt: true")]);
  expect([await scene.value("foreign"), await named("foreign")]).toEqual(["mine", []]);
  await scene.kubectl("delete secret foreign");
  await scene.ready("foreign");
});

test("an unknown service user is told at once, and mended by creating it", async () => {
  await apply(serviceToken("nobody", { serviceUser: { name: "Not There" } }));
  const stalled = await until("it says so", async () => (await scene.status("nobody")).conditions?.find(({ type }) => type === "Stalled"));
  expect([stalled.reason, stalled.message]).toEqual(["NoServiceUser", expect.stringContaining("create it, or name one that exists")]);
  await scene.service.createServiceUser("Not There");
  await scene.ready("nobody");
});

test("with every status wiped nothing is issued, and a restart writes nothing and issues nothing", async () => {
  const before = (await scene.tokens()).map(({ id }) => id).sort();
  const names = (await scene.kubectl("get servicetoken -o name")).trim().split("\n");
  await operator.stop();
  for (const name of names) await scene.kubectl(`patch ${name} --subresource=status --type=json -p [{"op":"remove","path":"/status"}]`);
  operator = await scene.operator("--leader-elect=true");
  for (const name of names.filter((each) => !/reported/.test(each))) await scene.ready(name.replace(/.*\//, ""));
  expect((await scene.tokens()).map(({ id }) => id).sort()).toEqual(before);
  const versions = async (): Promise<string[]> =>
    [...(await scene.all<Versioned>("servicetoken")), ...(await scene.all<Versioned>("secret"))].filter(({ metadata }) => metadata.name !== "marker").map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);
  const settled = await versions();
  await operator.stop();
  operator = await scene.operator("--leader-elect=true");
  await until("it has looked at all, and at the issuer", async () => (await operator.looks()) > names.length);
  // What comes after all of them is done, so they are.
  await issued("marker");
  // Where our manager alone wrote a Secret's data, its metadata are enough. One look at the issuer may be under way.
  expect(await operator.reads()).toBeLessThanOrEqual(1);
  expect(await versions()).toEqual(settled);
  expect((await scene.tokens()).filter(({ name }) => !name.startsWith("default-marker-")).map(({ id }) => id).sort()).toEqual(before);
});

test("no value and no credential ever reached a log, an event, a status or an annotation", async () => {
  const shown = [scene.logs(), await scene.kubectl("get events -o json"), await scene.kubectl("get servicetoken,tokenissuer -o json"), await scene.kubectl("get secrets -l app.kubernetes.io/managed-by=servicetokens -o jsonpath={.items[*].metadata}")].join("\n");
  const secrets = JSON.parse(await scene.kubectl("get secrets -o json")) as { items: { data?: { token?: string } }[] };
  const values = secrets.items.map(({ data }) => Buffer.from(data?.token ?? "", "base64").toString("utf8")).filter((value) => value.length > 40);
  expect(values.length).toBeGreaterThan(5);
  for (const value of [...values, scene.service.adminToken]) {
    expect(shown.includes(value)).toBe(false);
    expect(shown.includes(Buffer.from(value).toString("base64"))).toBe(false);
  }
});
