// examples/kubernetes as a user applies them: real apiserver and etcd, the operator and the token service as programs.
// Only the address of the Qualytics instance is written in, as the README says.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { startGuarded, type GuardedChild } from "../support/child.ts";
import { startControlPlane, type ControlPlane } from "../support/control-plane.ts";
import { startTokenService, type TokenService } from "../support/token-service.ts";

const root = join(import.meta.dirname, "../..");
const examples = join(root, "examples", "kubernetes");
const ADDRESS = "https://your.qualytics.io";
const WAIT = "--timeout=60s";

let folder: string;
let plane: ControlPlane;
let service: TokenService;
let operator: GuardedChild;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "examples-kubernetes-"));
  [plane, service] = await Promise.all([startControlPlane(), startTokenService({ inProcess: false })]);
  await service.createServiceUser("Data Ingest");
  await plane.kubectl(["apply", "-f", join(root, "crds")]);
  await plane.kubectl(["wait", "--for=condition=Established", "crd", "--all", WAIT]);
  operator = await startGuarded(folder, "operator", [process.execPath, join(root, "cli/main.ts"), "controller", "--kubeconfig", plane.kubeconfigPath, "--leader-elect=false"]);
  const file = join(folder, "admin-token");
  writeFileSync(file, `${service.adminToken}\n`, { mode: 0o600 });
  await plane.kubectl(["create", "secret", "generic", "qualytics-admin", `--from-file=token=${file}`]);
});

afterAll(async () => {
  await operator?.stop("SIGTERM");
  await Promise.all([plane?.stop(), service?.close()]);
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const text = (file: string): string => readFileSync(join(examples, file), "utf8").replaceAll(ADDRESS, service.url);

/** Applied strictly: a field that the kind does not know is an error. */
const apply = (file: string): Promise<string> => plane.kubectl(["apply", "--validate=strict", "-f", "-"], text(file));

async function get<T>(kind: string, name: string): Promise<T> {
  return JSON.parse(await plane.kubectl(["get", kind, name, "-o", "json"])) as T;
}

async function secret(name: string): Promise<Record<string, string>> {
  const { data } = await get<{ data: Record<string, string> }>("secret", name);
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]));
}

async function nameOf(token: string): Promise<unknown> {
  const { status, body } = await service.api("GET", "/api/users/me", undefined, token);
  return status === 200 ? body["name"] : status;
}

describe("examples/kubernetes", () => {
  test("each token object brings its finalizer along, so that the operator need not write it", () => {
    const objects = readdirSync(examples)
      .filter((file) => file.endsWith(".yaml"))
      .flatMap((file) => parseAllDocuments(text(file)).map((document) => document.toJS() as { kind: string; metadata: { name: string; finalizers?: string[] } } | null));
    const tokens = objects.filter((object) => object?.kind === "ServiceToken" || object?.kind === "PersonalToken");
    expect(tokens.length).toBeGreaterThan(4);
    for (const object of tokens) expect([object?.metadata.name, object?.metadata.finalizers]).toEqual([object?.metadata.name, ["tokens.qualytics.io/tokens"]]);
  });

  test("issuer.yaml: the issuer gets ready", async () => {
    await apply("issuer.yaml");
    await plane.kubectl(["wait", "--for=condition=Ready", "tokenissuer/qualytics", WAIT]);
  });

  test("servicetoken.yaml: a token of the service user stands in the Secret, with the address beside it", async () => {
    await apply("servicetoken.yaml");
    await plane.kubectl(["wait", "--for=condition=Ready", "servicetoken/ingest", WAIT]);
    const { token = "", url } = await secret("ingest-token");
    expect(url).toBe(service.url);
    expect(await nameOf(token)).toBe("Data Ingest");
  });

  test("servicetoken.yaml: what its comments call the default is the default", async () => {
    const applied = await get<{ spec: Record<string, unknown> }>("servicetoken", "ingest");
    // "  # key: value  # why": the comment of a line that would be YAML.
    const uncommented = text("servicetoken.yaml").replace(/^ {2}# ( *[A-Za-z]+:.*)$/gm, "  $1");
    const documents = parseAllDocuments(uncommented);
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    const { spec } = documents[0]?.toJS() as { spec: Record<string, unknown> };
    expect(Object.keys(spec)).toEqual(expect.arrayContaining(["tokenName", "state", "onExternalChange", "deletionPolicy", "rotation"]));
    const { rotation, tokenName: _, ...rest } = spec as { rotation: Record<string, unknown>; tokenName: string };
    expect(applied.spec).toMatchObject(rest);
    // Two of its lines show what has no fixed default.
    const { renewBefore: _renewBefore, every: _every, ...fixed } = rotation;
    expect(applied.spec["rotation"]).toEqual(fixed);
    await plane.kubectl(["apply", "--validate=strict", "--dry-run=server", "-f", "-"], uncommented);
  });

  test("servicetoken.yaml: the README's commands rotate it, revoke it and take that back", async () => {
    const first = (await secret("ingest-token"))["token"] ?? "";
    await plane.kubectl(["annotate", "servicetoken", "ingest", "--overwrite", "tokens.qualytics.io/rotate=now"]);
    await expect.poll(async () => (await secret("ingest-token"))["token"], { timeout: 30_000 }).not.toBe(first);
    expect(await nameOf(first)).toBe("Data Ingest");
    const second = (await secret("ingest-token"))["token"] ?? "";
    await plane.kubectl(["patch", "servicetoken", "ingest", "--type=merge", '--patch={"spec": {"state": "Revoked"}}']);
    await expect.poll(() => nameOf(second), { timeout: 30_000 }).toBe(401);
    expect(await nameOf(first)).toBe(401);
    await plane.kubectl(["patch", "servicetoken", "ingest", "--type=merge", '--patch={"spec": {"state": "Active"}}']);
    await expect.poll(() => nameOf(second), { timeout: 30_000 }).toBe("Data Ingest");
  });

  test("servicetoken-fast.yaml: rotates by itself, and old ones go", async () => {
    await apply("servicetoken-fast.yaml");
    await plane.kubectl(["wait", "--for=condition=Ready", "servicetoken/fast", WAIT]);
    const { token: first = "" } = await secret("fast-token");
    expect(await nameOf(first)).toBe("Data Ingest");
    await expect.poll(async () => (await secret("fast-token"))["token"], { timeout: 40_000, interval: 500 }).not.toBe(first);
    const { token: second = "" } = await secret("fast-token");
    expect(await nameOf(second)).toBe("Data Ingest");
    // At maxOverlap at the latest; asking more often would be a use that keeps it.
    await sleep(11_000);
    await expect.poll(() => nameOf(first), { timeout: 20_000, interval: 3_000 }).toBe(401);
  });

  test("consumer.yaml: is accepted, and finds in the Secret what it reads", async () => {
    await apply("consumer.yaml");
    const { spec } = await get<{ spec: { template: { spec: Pod } } }>("deployment", "ingest");
    const [volume] = spec.template.spec.volumes;
    const [container] = spec.template.spec.containers;
    const mount = container?.volumeMounts.find(({ name }) => name === volume?.name);
    expect(mount?.subPath).toBeUndefined();
    const script = container?.command.at(-1) ?? "";
    const read = [...script.matchAll(new RegExp(`${mount?.mountPath}/(\\w+)`, "g"))].map(([, key = ""]) => key);
    expect(read.sort()).toEqual(["token", "url"]);
    expect(Object.keys(await secret(volume?.secret.secretName ?? ""))).toEqual(expect.arrayContaining(read));
  });

  test("serviceuser.yaml: the user is made as it says, its token is one of it, and both go together", async () => {
    await apply("serviceuser.yaml");
    await plane.kubectl(["wait", "--for=condition=Ready", "serviceuser/exporter", "servicetoken/export", WAIT]);
    expect(await nameOf((await secret("export"))["token"] ?? "")).toBe("Data Export");
    const applied = await get<{ spec: Record<string, unknown> }>("serviceuser", "exporter");
    expect(applied.spec).toEqual({ issuerRef: { kind: "TokenIssuer", name: "qualytics" }, name: "Data Export", role: "Member", deletionPolicy: "Deactivate" });
    await plane.kubectl(["delete", "serviceuser/exporter", "servicetoken/export", WAIT]);
    const { body } = await service.api<{ items: { name: string; deleted_at: string | null }[] }>("GET", "/api/users?type=Service&include_deleted=true");
    expect(body.items.find(({ name }) => name === "Data Export")?.deleted_at).not.toBeNull();
  });

  test("personaltoken.yaml: the issuer's own user stands behind it", async () => {
    await apply("personaltoken.yaml");
    await plane.kubectl(["wait", "--for=condition=Ready", "personaltoken/pipeline", WAIT]);
    const { QUALYTICS_TOKEN: token = "", QUALYTICS_URL: url } = await secret("pipeline-token");
    const me = await service.api("GET", "/api/users/me");
    expect([url, await nameOf(token)]).toEqual([service.url, me.body["name"]]);
  });

  test("clustertokenissuer.yaml: the namespace with the label is served, from a credential that it does not have", async () => {
    // The commands of its comments.
    await plane.kubectl(["create", "namespace", "qualytics-vault"]);
    await plane.kubectl(["create", "secret", "generic", "qualytics-admin", "--namespace=qualytics-vault", `--from-file=token=${join(folder, "admin-token")}`]);
    await plane.kubectl(["create", "namespace", "web"]);
    await plane.kubectl(["label", "namespace", "web", "qualytics-tokens=yes"]);
    await apply("clustertokenissuer.yaml");
    await plane.kubectl(["wait", "--for=condition=Ready", "clustertokenissuer/qualytics", WAIT]);
    await plane.kubectl(["wait", "--for=condition=Ready", "-n", "web", "serviceuser/shop", "servicetoken/shop", WAIT]);
    expect((await plane.kubectl(["get", "secrets", "-n", "web", "-o", "name"])).trim()).toBe("secret/shop");
  });

  test("the README's command deletes the token with its object", async () => {
    const { token = "" } = await secret("ingest-token");
    await plane.kubectl(["delete", "servicetoken", "ingest", WAIT]);
    expect(await nameOf(token)).toBe(401);
    await expect(secret("ingest-token")).rejects.toThrow(/not found/);
  });

  test("the README names every file, and every file is one of those", () => {
    const files = readdirSync(examples).filter((file) => file !== "README.md");
    const named = [...readFileSync(join(examples, "README.md"), "utf8").matchAll(/\]\(([\w.-]+)\)/g)].map(([, file = ""]) => file);
    expect(named.sort()).toEqual(files.sort());
  });
});

interface Pod {
  readonly volumes: readonly { readonly name: string; readonly secret: { readonly secretName: string } }[];
  readonly containers: readonly {
    readonly command: readonly string[];
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
  }[];
}
