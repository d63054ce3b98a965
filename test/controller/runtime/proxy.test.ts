// Which proxy is taken, as kubectl would, and that requests and watches come through it.
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { isTransportError, loadCredentials, Reflector, RestClient, Store } from "../../../controller/runtime/index.ts";
import { proxyFromEnvironment } from "../../../controller/runtime/proxy.ts";
import { inClusterCredentials } from "../../../controller/runtime/service-account.ts";
import { FakeApiserver } from "../../support/fake-apiserver.ts";
import { startForwardProxy } from "../../support/forward-proxy.ts";
import { project, widget, widgets, type Widget } from "./scene.ts";

describe("the environment", () => {
  test.each<[string, string, Record<string, string>, string | undefined]>([
    ["nothing set", "https://kube.example:6443", {}, undefined],
    ["HTTPS_PROXY", "https://kube.example:6443", { HTTPS_PROXY: "http://proxy:3128" }, "http://proxy:3128/"],
    ["https_proxy", "https://kube.example", { https_proxy: "http://proxy:3128" }, "http://proxy:3128/"],
    ["no scheme", "https://kube.example", { HTTPS_PROXY: "proxy:3128" }, "http://proxy:3128/"],
    ["HTTP_PROXY is for http alone", "https://kube.example", { HTTP_PROXY: "http://proxy:3128" }, undefined],
    ["HTTP_PROXY", "http://kube.example", { HTTP_PROXY: "http://proxy:3128" }, "http://proxy:3128/"],
    ["loopback, never", "https://127.0.0.1:6443", { HTTPS_PROXY: "http://proxy:3128" }, undefined],
    ["localhost, never", "https://localhost:6443", { HTTPS_PROXY: "http://proxy:3128" }, undefined],
    ["NO_PROXY *", "https://kube.example", { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "*" }, undefined],
    ["NO_PROXY the name", "https://kube.example", { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "a, kube.example" }, undefined],
    ["NO_PROXY a parent", "https://api.kube.example", { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "kube.example" }, undefined],
    ["NO_PROXY what is below only", "https://kube.example", { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: ".kube.example" }, "http://proxy:3128/"],
    ["NO_PROXY another that ends alike", "https://notkube.example", { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "kube.example" }, "http://proxy:3128/"],
    ["NO_PROXY with another port", "https://kube.example:6443", { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "kube.example:443" }, "http://proxy:3128/"],
    ["NO_PROXY with the port", "https://kube.example:6443", { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "kube.example:6443" }, undefined],
    ["NO_PROXY an address", "https://10.0.0.1", { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "10.0.0.1" }, undefined],
    ["NO_PROXY a network", "https://10.0.0.1", { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "10.0.0.0/8" }, undefined],
    ["NO_PROXY another network", "https://10.0.0.1", { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "11.0.0.0/8" }, "http://proxy:3128/"],
    ["NO_PROXY a network of the other family", "https://[fd00::1]", { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "10.0.0.0/8,fd00::/64" }, undefined],
    ["NO_PROXY nonsense", "https://10.0.0.1", { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "10.0.0.1/99,,/" }, "http://proxy:3128/"],
  ])("%s", (_, server, env, proxy) => {
    expect(proxyFromEnvironment(new URL(server), env)?.href).toBe(proxy);
  });

  test("one that is no proxy is refused, and not repeated: it may hold a password", () => {
    const wrong = (): unknown => proxyFromEnvironment(new URL("https://kube.example"), { HTTPS_PROXY: "ftp://user:canary@proxy" });
    expect(wrong).toThrow(/^HTTPS_PROXY is no proxy: write http:\/\//);
    expect(wrong).not.toThrow(/canary/);
  });

  test("counts in a pod too", () => {
    const path = mkdtempSync(join(tmpdir(), "proxy-"));
    onTestFinished(() => rmSync(path, { recursive: true }));
    writeFileSync(join(path, "token"), "t");
    const env = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443", HTTPS_PROXY: "http://proxy:3128" };
    expect(inClusterCredentials(path, env)?.proxy?.host).toBe("proxy:3128");
    expect(inClusterCredentials(path, { ...env, NO_PROXY: "10.0.0.0/24" })?.proxy).toBeUndefined();
  });
});

describe("a kubeconfig's proxy-url", () => {
  const load = (url: string) => {
    const path = mkdtempSync(join(tmpdir(), "proxy-"));
    onTestFinished(() => rmSync(path, { recursive: true }));
    const config = { "current-context": "c", contexts: [{ name: "c", context: { cluster: "c", user: "u" } }], users: [{ name: "u", user: {} }], clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1", "proxy-url": url } }] };
    writeFileSync(join(path, "config"), JSON.stringify(config));
    return loadCredentials({ kubeconfig: join(path, "config") });
  };

  test("is taken, for loopback too", async () => expect((await load("socks5://127.0.0.1:1080")).proxy?.href).toBe("socks5://127.0.0.1:1080"));
  test("that is none is refused", () => expect(load("user:canary@proxy")).rejects.toThrow(/^proxy-url of the cluster "c" is no proxy/));
});

describe("through", () => {
  test.each([
    ["CONNECT", "http", undefined, "both"],
    ["CONNECT with a login", "http", { user: "u:@", password: "p/%" }, "both"],
    ["CONNECT, HTTP/1.1 behind it", "http", undefined, "http1"],
    ["SOCKS5", "socks5", undefined, "both"],
    ["SOCKS5 with a login", "socks5", { user: "u", password: "p" }, "both"],
  ] as const)("%s go requests and watches", async (_, scheme, login, protocol) => {
    const [server, proxy] = await Promise.all([FakeApiserver.start(protocol), startForwardProxy(login)]);
    const who = login === undefined ? "" : `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@`;
    const client = new RestClient({ credentials: server.credentials({ proxy: new URL(`${scheme}://${who}127.0.0.1:${proxy.port}`) }) });
    const store = new Store<Widget>();
    const reflector = new Reflector<Widget>({ client, resource: widgets, project, store });
    onTestFinished(async () => {
      await reflector.stop();
      await client.close();
      await proxy.close();
      await server.stop();
    });
    await client.create(widgets, { namespace: "default" }, widget("a"));
    reflector.start();
    expect(await reflector.synced(5_000)).toBe(true);
    expect(store.size).toBe(1);
    expect(proxy.tunnels.length).toBeGreaterThanOrEqual(2);
    expect(new Set(proxy.tunnels)).toEqual(new Set([`127.0.0.1:${server.port}`]));
  });

  test.each([
    ["http", /answered CONNECT with 407/],
    ["socks5", /wants another way to log in/],
  ])("%s without the login that it wants is a failure that says so", async (scheme, message) => {
    const proxy = await startForwardProxy({ user: "u", password: "p" });
    const server = await FakeApiserver.start();
    const client = new RestClient({ credentials: server.credentials({ proxy: new URL(`${scheme}://127.0.0.1:${proxy.port}`) }) });
    onTestFinished(() => client.close().then(() => proxy.close()).then(() => server.stop()));
    const error: unknown = await client.get(widgets, { namespace: "default", name: "a" }).catch((reason: unknown) => reason);
    expect(isTransportError(error)).toBe(true);
    expect(String(error)).toMatch(message);
  });

  test("one that never answers is given up in time, and closing the client leaves nothing", async () => {
    const deaf = createServer((socket) => void socket.on("error", () => undefined).resume());
    await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
    const server = await FakeApiserver.start();
    const { port } = deaf.address() as { port: number };
    const client = new RestClient({ credentials: server.credentials({ proxy: new URL(`http://127.0.0.1:${port}`) }), connectTimeoutMs: 200 });
    onTestFinished(() => client.close().then(() => server.stop()));
    await expect(client.get(widgets, { namespace: "default", name: "a" })).rejects.toThrow(/in time/);
    await new Promise((resolve) => deaf.close(resolve));
  });
});
