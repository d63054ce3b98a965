// Where credentials come from, and that what is rotated on disk is noticed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { loadCredentials } from "../../../controller/runtime/index.ts";
import { inClusterCredentials } from "../../../controller/runtime/service-account.ts";
import { TokenFile } from "../../../controller/runtime/token-file.ts";

function directory(files: Record<string, string>): string {
  const path = mkdtempSync(join(tmpdir(), "credentials-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

function config(user: object, cluster: object = {}): object {
  return {
    "current-context": "here",
    contexts: [
      { name: "here", context: { cluster: "c", user: "u", namespace: "blue" } },
      { name: "there", context: { cluster: "other", user: "u" } },
    ],
    clusters: [
      { name: "c", cluster: { server: "https://127.0.0.1:6443", ...cluster } },
      { name: "other", cluster: { server: "https://other.example" } },
    ],
    users: [{ name: "u", user }],
  };
}

const load = (path: string, user: object, cluster: object = {}, context?: string) => {
  writeFileSync(join(path, "config"), JSON.stringify(config(user, cluster)));
  return loadCredentials({ kubeconfig: join(path, "config"), ...(context === undefined ? {} : { context }) });
};

describe("a kubeconfig", () => {
  test("with a token and an inline authority", async () => {
    const credentials = await load(directory({}), { token: "t" }, { "certificate-authority-data": base64("CA"), "tls-server-name": "kube" });
    expect(credentials.server.href).toBe("https://127.0.0.1:6443/");
    expect(credentials.namespace).toBe("blue");
    expect(await credentials.authorization()).toBe("Bearer t");
    expect(await credentials.tls()).toEqual({ ca: "CA", servername: "kube" });
  });

  test("with files, relative to its own place, read again for each connection", async () => {
    const path = directory({ ca: "CA1", cert: "CERT1", key: "KEY1" });
    const credentials = await load(path, { "client-certificate": "cert", "client-key": "key" }, { "certificate-authority": "ca" });
    expect(await credentials.tls()).toEqual({ ca: "CA1", cert: "CERT1", key: "KEY1" });
    writeFileSync(join(path, "cert"), "CERT2");
    expect(await credentials.tls()).toMatchObject({ cert: "CERT2" });
    expect(await credentials.authorization()).toBeUndefined();
  });

  test("with a token file, basic credentials, or an insecure server", async () => {
    const path = directory({ token: " from-file\n" });
    expect(await (await load(path, { tokenFile: "token" })).authorization()).toBe("Bearer from-file");
    expect(await (await load(path, { username: "u", password: "p" })).authorization()).toBe(`Basic ${base64("u:p")}`);
    expect(await (await load(path, {}, { "insecure-skip-tls-verify": true })).tls()).toEqual({ insecure: true });
  });

  test("with another context than the current one", async () => {
    expect((await load(directory({}), {}, {}, "there")).server.hostname).toBe("other.example");
    await expect(load(directory({}), {}, {}, "nowhere")).rejects.toThrow('no context "nowhere"');
  });

  test("written as YAML, as kubectl writes it, or as JSON", async () => {
    const path = directory({ yaml: "current-context: c\ncontexts:\n- name: c\n  context: {cluster: c, user: u}\nclusters:\n- name: c\n  cluster:\n    server: https://kube.example\nusers:\n- name: u\n  user:\n    token: t\n", wrong: "{ current-context" });
    const credentials = await loadCredentials({ kubeconfig: join(path, "yaml") });
    expect([credentials.server.hostname, await credentials.authorization()]).toEqual(["kube.example", "Bearer t"]);
    await expect(loadCredentials({ kubeconfig: join(path, "wrong") })).rejects.toThrow(`the kubeconfig ${join(path, "wrong")} is neither YAML nor JSON`);
  });

  test("that cannot be read, or is not there, is named; KUBECONFIG never means another file than it names", async () => {
    const path = directory({});
    onTestFinished(() => vi.unstubAllEnvs() && undefined);
    vi.stubEnv("HOME", path);
    await expect(loadCredentials({ kubeconfig: join(path, "none") })).rejects.toThrow(`the kubeconfig ${join(path, "none")} cannot be read (ENOENT)`);
    vi.stubEnv("KUBECONFIG", "");
    await expect(loadCredentials()).rejects.toThrow(`no kubeconfig was given, KUBECONFIG is not set, there is no ${join(path, ".kube", "config")}, and this is no pod with a service account`);
    mkdirSync(join(path, ".kube"));
    writeFileSync(join(path, ".kube", "config"), JSON.stringify(config({ token: "t" })));
    expect(await (await loadCredentials()).authorization()).toBe("Bearer t");
    vi.stubEnv("KUBECONFIG", `${join(path, "one")}:${join(path, "two")}`);
    await expect(loadCredentials()).rejects.toThrow(`KUBECONFIG names ${join(path, "one")} and ${join(path, "two")}, and there is no such file`);
    writeFileSync(join(path, "two"), JSON.stringify(config({ token: "second" })));
    expect(await (await loadCredentials()).authorization()).toBe("Bearer second");
  });

  test("with an exec plugin, which runs once for many requests and again after a 401", async () => {
    const path = directory({ count: "" });
    const script = `printf x >> ${join(path, "count")}; printf '%s' "$KUBERNETES_EXEC_INFO" > ${join(path, "info")}; printf '{"status":{"token":"t%s","expirationTimestamp":"2999-01-01T00:00:00Z"}}' $EXTRA`;
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "/bin/sh", args: ["-c", script], env: [{ name: "EXTRA", value: "1" }] };
    const credentials = await load(path, { exec });
    expect(await Promise.all([credentials.authorization(), credentials.authorization()])).toEqual(["Bearer t1", "Bearer t1"]);
    expect(await credentials.authorization()).toBe("Bearer t1");
    const { readFileSync } = await import("node:fs");
    expect(readFileSync(join(path, "count"), "utf8")).toBe("x");
    expect(JSON.parse(readFileSync(join(path, "info"), "utf8"))).toMatchObject({ kind: "ExecCredential", spec: { interactive: false } });
    credentials.invalidate();
    await credentials.authorization();
    expect(readFileSync(join(path, "count"), "utf8")).toBe("xx");
  });

  test("with an exec plugin whose credential ends: it runs again before that, and gives certificates too", async () => {
    const path = directory({ count: "" });
    const end = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();
    // Each run gives another token: the first one ends in a moment, the second much later.
    const script = `printf x >> ${join(path, "count")}; if [ "$(cat ${join(path, "count")})" = x ]; then T=t1 E=${end(20)}; else T=t2 E=${end(3_600)}; fi; printf '{"status":{"token":"%s","expirationTimestamp":"%s","clientCertificateData":"C-%s","clientKeyData":"K"}}' $T $E $T`;
    const credentials = await load(path, { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "/bin/sh", args: ["-c", script] } });
    expect(await credentials.authorization()).toBe("Bearer t1");
    // Good until it ends; the next one is asked for, and not waited for.
    const later = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 6_000);
    expect(await credentials.authorization()).toBe("Bearer t1");
    later.mockRestore();
    await vi.waitFor(async () => expect(await credentials.authorization()).toBe("Bearer t2"), { timeout: 30_000 });
    expect(await credentials.tls()).toEqual({ cert: "C-t2", key: "K" });
    expect(await credentials.authorization()).toBe("Bearer t2");
    const { readFileSync } = await import("node:fs");
    expect(readFileSync(join(path, "count"), "utf8")).toBe("xx");
  });

  test("with an exec plugin that gives what it has until that ends: it is not run for every request", async () => {
    const path = directory({ count: "" });
    const end = new Date(Date.now() + 25_000).toISOString();
    const script = `printf x >> ${join(path, "count")}; printf '{"status":{"token":"t","expirationTimestamp":"${end}"}}'`;
    const credentials = await load(path, { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "/bin/sh", args: ["-c", script] } });
    for (let request = 0; request < 50; request++) expect(await credentials.authorization()).toBe("Bearer t");
    const { readFileSync } = await import("node:fs");
    expect(readFileSync(join(path, "count"), "utf8")).toBe("x");
  });

  test("with a plugin that fails: its output is in no error", async () => {
    const exec = (script: string) => ({ exec: { apiVersion: "v1", command: "/bin/sh", args: ["-c", script], installHint: "install it" } });
    const failing = await load(directory({}), exec("echo canary; echo canary >&2; exit 3"));
    await expect(failing.authorization()).rejects.toThrow(/^the credential plugin \/bin\/sh failed \(3\): run it by hand to see why, and log in anew where it asks for that$/);
    const absent = await load(directory({}), { exec: { apiVersion: "v1", command: "no-such-plugin", installHint: "install it" } });
    await expect(absent.authorization()).rejects.toThrow(/^the credential plugin no-such-plugin was not found: install it$/);
    const babbling = await load(directory({}), exec("echo canary"));
    await expect(babbling.authorization()).rejects.toThrow(/^the credential plugin \/bin\/sh printed no ExecCredential with a token or a certificate$/);
    // Nobody is asked anything without a credential.
    const empty = await load(directory({}), exec(`echo '{"kind": "ExecCredential", "status": {"token": ""}}'`));
    await expect(empty.authorization()).rejects.toThrow("printed no ExecCredential with a token");
  });

  test("with a plugin that failed and works again: the next request has its credential", async () => {
    const path = directory({});
    const script = `[ -e ${join(path, "mended")} ] && echo '{"status":{"token":"t"}}'`;
    const credentials = await load(path, { exec: { apiVersion: "v1", command: "/bin/sh", args: ["-c", script] } });
    await expect(credentials.authorization()).rejects.toThrow("failed (1)");
    writeFileSync(join(path, "mended"), "");
    expect(await credentials.authorization()).toBe("Bearer t");
  });

  test("with a plugin that stands beside it", async () => {
    const path = directory({});
    mkdirSync(join(path, "bin"));
    writeFileSync(join(path, "bin", "plugin"), `#!/bin/sh\necho '{"status":{"token":"beside"}}'\n`, { mode: 0o700 });
    const credentials = await load(path, { exec: { apiVersion: "v1", command: "bin/plugin" } });
    expect(await credentials.authorization()).toBe("Bearer beside");
  });

  test("that is written anew is read again after a 401 and for each connection, as long as it means the same server", async () => {
    const path = directory({});
    const credentials = await load(path, { token: "one" }, { "certificate-authority-data": base64("CA1") });
    await load(path, { token: "two" }, { "certificate-authority-data": base64("CA2") });
    expect(await credentials.authorization()).toBe("Bearer one");
    credentials.invalidate();
    expect(await credentials.authorization()).toBe("Bearer two");
    expect(await credentials.tls()).toEqual({ ca: "CA2" });
    // Half written, and of another cluster: neither is taken up.
    for (const text of ["{", JSON.stringify({ ...config({ token: "theirs" }, { server: "https://other.example" }), "current-context": "there" })]) {
      writeFileSync(join(path, "config"), text);
      credentials.invalidate();
      expect(await credentials.authorization()).toBe("Bearer two");
      expect(await credentials.tls()).toEqual({ ca: "CA2" });
    }
    await load(path, { token: "three" });
    expect(await credentials.tls()).toEqual({});
    expect(await credentials.authorization()).toBe("Bearer three");
  });

  test("with an auth provider is read by the official client", async () => {
    const user = { "auth-provider": { name: "oidc", config: { "id-token": `${base64("{}")}.${base64('{"exp":9999999999}')}.x`, "client-id": "c", "idp-issuer-url": "https://issuer.example" } } };
    const credentials = await load(directory({}), user);
    expect(await credentials.authorization()).toMatch(/^Bearer /);
  });
});

describe("a pod", () => {
  test("has three files and two variables", async () => {
    const path = directory({ token: "t\n", "ca.crt": "CA", namespace: "blue\n" });
    const credentials = inClusterCredentials(path, { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" });
    expect(credentials?.server.href).toBe("https://[fd00::1]/");
    expect(credentials?.namespace).toBe("blue");
    expect(await credentials?.authorization()).toBe("Bearer t");
    expect(await credentials?.tls()).toEqual({ ca: "CA" });
    expect(inClusterCredentials(path, {})).toBeUndefined();
  });

  test("has its token read again after a minute and after a 401, and keeps the old one while the file is away", () => {
    const path = directory({ token: "one" });
    const file = join(path, "token");
    const token = new TokenFile(file);
    const clock = vi.spyOn(performance, "now").mockReturnValue(1_000);
    onTestFinished(() => clock.mockRestore());
    expect(token.authorization()).toBe("Bearer one");
    writeFileSync(file, "two");
    clock.mockReturnValue(60_900);
    expect(token.authorization()).toBe("Bearer one");
    clock.mockReturnValue(61_000);
    expect(token.authorization()).toBe("Bearer two");
    writeFileSync(file, "three");
    token.invalidate();
    expect(token.authorization()).toBe("Bearer three");
    rmSync(file);
    token.invalidate();
    expect(token.authorization()).toBe("Bearer three");
  });
});
