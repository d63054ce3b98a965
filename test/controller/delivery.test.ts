// What stands in the Secret, on a real apiserver: its form, who may change it, what is repaired, and where it moves.
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyIssuer, serviceToken, startScene, until, type Operator, type Scene } from "../support/scene.ts";

let scene: Scene;
let operator: Operator;

beforeAll(async () => {
  scene = await startScene();
  await applyIssuer(scene);
  operator = await scene.operator("--leader-elect=true");
});

afterAll(() => scene.close());

const apply = (object: object): Promise<void> => scene.apply(object);
const data = async (secret: string): Promise<Record<string, string>> => {
  const { data: encoded = {} } = (await scene.read<{ data?: Record<string, string> }>(`secret/${secret}`)) ?? {};
  return Object.fromEntries(Object.entries(encoded).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]));
};
const named = async (name: string): Promise<{ id: number; name: string; active: boolean }[]> => (await scene.tokens()).filter((token) => token.name.startsWith(`default-${name}-`));
const stalled = (name: string): Promise<{ reason: string; message: string }> =>
  until(`${name} is stalled`, async () => (await scene.status(name)).conditions?.find(({ type }) => type === "Stalled"), 60_000);

async function issued(name: string, spec: object = {}): Promise<string> {
  await apply(serviceToken(name, spec));
  await scene.ready(name);
  return (await scene.value((spec as { secret?: { name?: string } }).secret?.name ?? name)) ?? "";
}

test.concurrent("a template writes the token in the forms that its consumers read: Docker, .netrc, a shell, basic authentication", async () => {
  const template = {
    ".dockerconfigjson": '{"auths": {"{{ .url | host }}": {"auth": "{{ .user ":" .token | base64 }}"}}}',
    netrc: "machine {{ .url | host }} login {{ .user | url }} password {{ .token }}\n",
    env: "export QUALYTICS_USER={{ .user | shell }}\nexport QUALYTICS_TOKEN={{ .token | shell }}\n",
    token: "{{ .token }}",
  };
  const value = await issued("forms", { secret: { type: "kubernetes.io/dockerconfigjson", template, labels: { team: "data" }, annotations: { "example.com/owner": "data team" } } });
  const host = new URL(scene.service.url).host;
  const written = await data("forms");
  expect(JSON.parse(written[".dockerconfigjson"] ?? "")).toEqual({ auths: { [host]: { auth: Buffer.from(`Data Ingest:${value}`).toString("base64") } } });
  expect(written["netrc"]).toBe(`machine ${host} login Data%20Ingest password ${value}\n`);
  expect(written["env"]).toBe(`export QUALYTICS_USER='Data Ingest'\nexport QUALYTICS_TOKEN='${value}'\n`);
  expect(await scene.authenticate(value)).toBe(200);
  const secret = JSON.parse(await scene.kubectl("get secret forms -o json")) as { type: string; metadata: { labels: object; annotations: object } };
  expect(secret).toMatchObject({ type: "kubernetes.io/dockerconfigjson", metadata: { labels: { team: "data" }, annotations: { "example.com/owner": "data team" } } });
});

test.concurrent("a Secret that is there is taken over only with consent, keeps the keys of others, and is not written before", async () => {
  await scene.kubectl("create secret generic taken --from-literal=theirs=kept --from-literal=token=old");
  await apply(serviceToken("taken"));
  expect(await stalled("taken")).toMatchObject({ reason: "SecretNotOurs", message: expect.stringContaining("secret.adopt: true") as string });
  expect([await data("taken"), await named("taken")]).toEqual([{ theirs: "kept", token: "old" }, []]);
  await apply(serviceToken("taken", { secret: { adopt: true } }));
  await scene.ready("taken");
  const { theirs, token } = await data("taken");
  expect([theirs, await scene.authenticate(token ?? "")]).toEqual(["kept", 200]);
});

test.concurrent("one of another type is not taken over: it is said which, and no token is issued", async () => {
  await scene.kubectl("create secret generic typed --type=example.com/other --from-literal=token=old");
  await apply(serviceToken("typed", { secret: { adopt: true } }));
  expect(await stalled("typed")).toMatchObject({ reason: "SecretNotWritable", message: expect.stringContaining("set secret.type to the one it has") as string });
  expect([await scene.value("typed"), await named("typed")]).toEqual(["old", []]);
});

test.concurrent("one key of several is edited, or taken away: repaired with the same token", async () => {
  const template = { token: "{{ .token }}", env: "TOKEN={{ .token }}\n" };
  const value = await issued("several", { secret: { template } });
  await scene.kubectl(`patch secret several --type merge -p {"data":{"env":"aGFja2Vk"}}`);
  await until("the edited key is as it was", async () => (await data("several"))["env"] === `TOKEN=${value}\n`);
  await scene.kubectl(`patch secret several --type merge -p {"data":{"token":null}}`);
  await until("the key is back", async () => (await data("several"))["token"] === value);
  expect((await scene.ready("several")).token?.revision).toBe(1);
  expect((await named("several")).map(({ active }) => active)).toEqual([true]);
});

test.concurrent("of two that name one Secret the older has it before it stands there: for the younger no token is issued until the older goes", async () => {
  const secret = { name: "both" };
  await apply(serviceToken("elder", { secret, issuerRef: { name: "not-there" } }));
  // Dates of the apiserver are whole seconds: of one second the name decides.
  await apply(serviceToken("younger", { secret }));
  expect(await stalled("younger")).toMatchObject({ reason: "SecretNotWritable", message: expect.stringContaining("The ServiceToken elder is older and names the Secret both too") as string });
  expect([await scene.value("both"), await named("younger")]).toEqual([null, []]);
  await scene.remove("servicetoken/elder");
  await scene.ready("younger");
  expect(await scene.authenticate((await scene.value("both")) ?? "")).toBe(200);
  // Once it stands there, it is whose it is: a rotation asks nobody.
  await apply(serviceToken("another", { secret }));
  expect((await stalled("another")).reason).toBe("SecretNotOurs");
  await scene.annotate("servicetoken/younger", { "tokens.qualytics.io/rotate": "now" });
  await until("it rotates", async () => (await scene.status("younger")).token?.revision === 2);
});

test.concurrent("a form that the value cannot be read back from needs a new revision for the next form, and says so", async () => {
  const template = { token: "{{ .token | base64 | base64 }}" };
  await issued("wrapped", { secret: { template }, rotation: { retire: { minOverlap: "1h" } } });
  const plain = (text: string): string => Buffer.from(Buffer.from(text, "base64").toString("utf8"), "base64").toString("utf8");
  const first = plain((await data("wrapped"))["token"] ?? "");
  expect(await scene.authenticate(first)).toBe(200);
  await apply(serviceToken("wrapped", { secret: { template: { token: "{{ .token }}" } } }));
  const second = await until("the next revision is there", async () => {
    const value = await scene.value("wrapped");
    return value?.startsWith("eyJ") === true && value;
  });
  expect([await scene.authenticate(first), await scene.authenticate(second)]).toEqual([200, 200]);
  await scene.tells("cannot be written in that form. Issuing revision 2");
});

test.concurrent("secret.name changes: the value moves, the old Secret stays for its overlap, then goes; no token is issued for it", async () => {
  const rotation = { retire: { minOverlap: "5s", idleFor: "1h" } };
  const value = await issued("moving", { rotation, secret: { name: "moving-old" } });
  await apply(serviceToken("moving", { rotation, secret: { name: "moving-new", type: "example.com/token" } }));
  await until("it stands in the new one", async () => (await scene.value("moving-new")) === value);
  expect(await scene.value("moving-old")).toBe(value);
  await until("the old one is gone", async () => (await scene.value("moving-old")) === null);
  expect([await scene.value("moving-new"), (await scene.ready("moving")).token?.revision]).toEqual([value, 1]);
  expect((await named("moving")).map(({ active }) => active)).toEqual([true]);
});

test("what was edited, taken away or deleted while nobody ran is repaired at the next start", async () => {
  const template = { token: "{{ .token }}", env: "TOKEN={{ .token }}\n" };
  const kept = await issued("asleep-edited", { secret: { template } });
  const lost = await issued("asleep-overwritten");
  const gone = await issued("asleep-deleted");
  await operator.stop();
  await scene.kubectl(`patch secret asleep-edited --type merge -p {"data":{"env":"aGFja2Vk"}}`);
  await scene.kubectl(`patch secret asleep-overwritten --type merge -p {"data":{"token":"aGFja2Vk"}}`);
  await scene.kubectl("delete secret asleep-deleted");
  operator = await scene.operator("--leader-elect=true");
  await until("the edited one is as it was", async () => (await data("asleep-edited"))["env"] === `TOKEN=${kept}\n`, 60_000);
  for (const [name, old] of [["asleep-overwritten", lost], ["asleep-deleted", gone]] as const) {
    const value = await until(`${name} is repaired`, async () => {
      const now = await scene.value(name);
      return now !== null && now !== old && now !== "hacked" && now;
    }, 60_000);
    expect(await scene.authenticate(value)).toBe(200);
    await scene.ready(name);
  }
  expect(await scene.value("asleep-edited")).toBe(kept);
  // Nobody had used the one whose Secret was deleted: nothing of it is left.
  expect((await named("asleep-deleted")).filter(({ active }) => active)).toHaveLength(1);
});

test("secret.name goes there and back while nobody runs or somebody is in the way: same token throughout", async () => {
  const rotation = { retire: { minOverlap: "30s" } };
  const to = (name: string): Promise<void> => apply(serviceToken("wanders", { rotation, secret: { name } }));
  const value = await issued("wanders", { rotation, secret: { name: "wanders-a" } });
  await scene.kubectl("create secret generic wanders-b --from-literal=token=theirs");
  await to("wanders-b");
  expect(await stalled("wanders")).toMatchObject({ reason: "SecretNotOurs" });
  expect([await scene.value("wanders-a"), await scene.value("wanders-b")]).toEqual([value, "theirs"]);
  await scene.kubectl("delete secret wanders-b");
  await until("it moved once the way is free", async () => (await scene.value("wanders-b")) === value);
  await operator.stop();
  await to("wanders-a");
  operator = await scene.operator("--leader-elect=true");
  await until("it is back", async () => {
    const left = await scene.kubectl("get secret wanders-b -o jsonpath={.metadata.annotations.tokens\\.qualytics\\.io/left}");
    return left.includes('"to":"wanders-a"');
  });
  await scene.remove("servicetoken/wanders");
  expect([await scene.value("wanders-a"), await scene.value("wanders-b"), await named("wanders")]).toEqual([null, null, []]);
});
