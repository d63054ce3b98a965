// What goes over the wire for each verb, what is repeated and what is not, and what an
// error may say.
import { inspect } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { ApiError, RestClient, isAlreadyExists, isConflict, isNotFound, isTransportError, secrets } from "../../../controller/runtime/index.ts";
import type { RequestMeasurement, TransportOptions } from "../../../controller/runtime/index.ts";
import { CertificateAuthority } from "../../support/certificate.ts";
import { FakeApiserver, status } from "../../support/fake-apiserver.ts";
import type { Protocols, Reply } from "../../support/fake-apiserver.ts";
import { until, widget, widgets } from "./scene.ts";

async function connect(options: Partial<TransportOptions> = {}, protocols: Protocols = "both"): Promise<{ server: FakeApiserver; client: RestClient }> {
  const server = await FakeApiserver.start(protocols);
  const client = new RestClient({ credentials: server.credentials(), ...options });
  onTestFinished(async () => {
    await client.close();
    await server.stop();
  });
  return { server, client };
}

const ref = { namespace: "default", name: "a" };

describe("requests", () => {
  test("of each verb have the path, media types and parameters of the API", async () => {
    const { server, client } = await connect();
    await client.create(widgets, ref, widget("a", 1), { fieldManager: "m", dryRun: true });
    await client.get(widgets, ref);
    await client.apply(widgets, ref, widget("a", 2), { fieldManager: "m", subresource: "status" });
    await client.patch(widgets, ref, { spec: { size: 3 } }, { type: "merge", metadataOnly: true });
    await client.update(widgets, ref, widget("a", 4));
    await client.list(widgets, {}, { limit: 5, labelSelector: "a=b" });
    await client.delete(widgets, ref, { uid: "uid-1", resourceVersion: "105", propagationPolicy: "Foreground" });
    const root = "/apis/test.example/v1";
    const path = `${root}/namespaces/default/widgets`;
    expect(server.requests.map(({ verb, path: at, query, headers }) => [verb, at, query.toString(), headers["content-type"]])).toEqual([
      ["POST", path, "fieldManager=m&dryRun=All", "application/json"],
      ["GET", `${path}/a`, "", undefined],
      ["APPLY", `${path}/a/status`, "fieldManager=m&force=true", "application/apply-patch+yaml"],
      ["PATCH", `${path}/a`, "", "application/merge-patch+json"],
      ["PUT", `${path}/a`, "", "application/json"],
      ["LIST", `${root}/widgets`, "labelSelector=a%3Db&limit=5", undefined],
      ["DELETE", `${path}/a`, "", "application/json"],
    ]);
    expect(server.requests[3]?.headers["accept"]).toBe("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
    expect(JSON.parse(server.requests[6]?.body ?? "")).toEqual({ apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: "uid-1", resourceVersion: "105" }, propagationPolicy: "Foreground" });
    expect(server.requests[0]?.headers["authorization"]).toBe("Bearer test");
  });

  test("send a Buffer as it is, which may be wiped afterwards", async () => {
    const { server, client } = await connect();
    const body = Buffer.from(JSON.stringify(widget("a", 1, { text: "Zürich" })));
    await client.create(widgets, ref, body);
    body.fill(0);
    expect(JSON.parse(server.requests[0]?.body ?? "")).toMatchObject({ spec: { text: "Zürich" } });
  });

  test("go over a bounded number of connections, and watches share one of their own", async () => {
    const { server, client } = await connect({ connections: 4 });
    const watches = await Promise.all([1, 2, 3].map(() => client.watch(widgets, {}, { timeoutSeconds: 60 })));
    expect(server.openSockets).toBe(1);
    for (const round of ["a", "b"]) await Promise.all(Array.from({ length: 25 }, (_, index) => client.create(widgets, ref, widget(`${round}${index}`))));
    expect(server.collection("widgets").objects.size).toBe(50);
    expect(server.openSockets).toBe(5);
    for (const watch of watches) watch.destroy();
  });

  test("that are urgent have a connection of their own when all others wait for an answer", async () => {
    const { server, client } = await connect({ connections: 4 });
    server.intercept = ({ name }) => (name === "slow" ? "hang" : undefined);
    const slow = Array.from({ length: 8 }, () => client.get(widgets, { namespace: "default", name: "slow" }, { timeoutMs: 2_000 }).catch(() => undefined));
    await until(() => server.requests.length === 4);
    await client.create(widgets, ref, widget("lease"), { urgent: true });
    expect(server.count("GET")).toBe(4);
    await client.close();
    await Promise.all(slow);
  });

  test.each(["http1", "http2"] as const)("go to a server that speaks %s alone, as watches do", async (protocols) => {
    const { server, client } = await connect({ connections: 4 }, protocols);
    const watch = await client.watch(widgets, {}, { timeoutSeconds: 60 });
    for (const round of ["a", "b"]) await Promise.all(Array.from({ length: 25 }, (_, index) => client.create(widgets, ref, widget(`${round}${index}`))));
    expect(server.collection("widgets").objects.size).toBe(50);
    expect(server.openSockets).toBe(protocols === "http1" ? 5 : 2);
    watch.destroy();
  });

  test.each(["http1", "http2"] as const)("in the middle of a burst survive a server that takes its leave over %s: each is carried out once", async (protocols) => {
    const { server, client } = await connect({}, protocols);
    await client.create(widgets, ref, widget("warm"));
    const burst = Promise.all(Array.from({ length: 200 }, (_, index) => client.create(widgets, ref, widget(`w${index}`))));
    await until(() => server.requests.length > 20);
    server.goAway();
    await burst;
    expect(server.collection("widgets").objects.size).toBe(201);
    expect(server.count("POST")).toBe(201);
  });

  test("are measured", async () => {
    const seen: RequestMeasurement[] = [];
    const { client } = await connect({ onRequest: (measurement) => seen.push(measurement) });
    await client.create(widgets, ref, widget("a"));
    await client.get(widgets, { namespace: "default", name: "b" }).catch(() => undefined);
    expect(seen.map(({ verb, resource, code }) => [verb, resource, code])).toEqual([
      ["POST", "widgets", "201"],
      ["GET", "widgets", "404"],
    ]);
    expect(seen.every(({ seconds }) => seconds > 0 && seconds < 5)).toBe(true);
  });
});

describe("repeats", () => {
  const retryAfter = (code: number, reason: string, seconds: string) => ({ ...status(code, reason), headers: { "retry-after": seconds } });

  test("a 429 of any verb, after the time the server asked for", async () => {
    const { server, client } = await connect();
    const answers = [retryAfter(429, "TooManyRequests", "0"), retryAfter(429, "TooManyRequests", "1")];
    server.intercept = () => answers.shift();
    await client.create(widgets, ref, widget("a"));
    expect(server.count("POST")).toBe(3);
    expect((server.requests[2]?.at ?? 0) - (server.requests[1]?.at ?? 0)).toBeGreaterThanOrEqual(990);
  });

  test("a 503 only of what may be done twice, and only if the server says when", async () => {
    const { server, client } = await connect();
    const overloaded = retryAfter(503, "ServiceUnavailable", "0");
    const answers: Reply[] = [overloaded];
    server.intercept = () => answers.shift();
    await client.apply(widgets, ref, widget("a"), { fieldManager: "m" });
    expect(server.count("APPLY")).toBe(2);
    answers.push(overloaded);
    await expect(client.create(widgets, ref, widget("b"))).rejects.toMatchObject({ status: 503, retryAfterMs: 0 });
    answers.push(status(503, "ServiceUnavailable"));
    await expect(client.get(widgets, ref)).rejects.toMatchObject({ status: 503, retryAfterMs: undefined });
    expect(answers).toHaveLength(0);
  });

  test("not for ever: ten times, and not past the budget or the caller's own limit", async () => {
    const { server, client } = await connect({ retryBudgetMs: 2_000 });
    server.intercept = () => retryAfter(429, "TooManyRequests", "0");
    await expect(client.get(widgets, ref)).rejects.toMatchObject({ status: 429 });
    expect(server.requests).toHaveLength(10);
    server.intercept = () => retryAfter(429, "TooManyRequests", "60");
    await expect(client.get(widgets, ref)).rejects.toMatchObject({ status: 429, retryAfterMs: 60_000 });
    server.intercept = () => retryAfter(429, "TooManyRequests", "1");
    await expect(client.get(widgets, ref, { timeoutMs: 500 })).rejects.toMatchObject({ status: 429 });
    expect(server.requests).toHaveLength(12);
  });

  test("a 401 once, with credentials read again", async () => {
    const server = await FakeApiserver.start();
    let token = "old";
    let invalidated = 0;
    const credentials = server.credentials({ authorization: () => `Bearer ${token}`, invalidate: () => void ((invalidated += 1), (token = "new")) });
    const client = new RestClient({ credentials });
    onTestFinished(() => client.close().then(() => server.stop()));
    server.intercept = (request) => (request.headers["authorization"] === "Bearer new" ? undefined : status(401, "Unauthorized"));
    await client.create(widgets, ref, widget("a"));
    server.intercept = () => status(401, "Unauthorized");
    await expect(client.get(widgets, ref)).rejects.toMatchObject({ status: 401 });
    expect(server.requests).toHaveLength(4);
    expect(invalidated).toBe(2);
  });

  test("nothing that may have been done: a lost answer of a POST is the caller's to judge", async () => {
    const { server, client } = await connect();
    server.intercept = () => "drop";
    const error = await client.create(widgets, ref, widget("a")).catch((reason: unknown) => reason);
    expect(isTransportError(error)).toBe(true);
    expect(server.count("POST")).toBe(1);
  });
});

test("a read whose connection went is asked once more; a write never is", async () => {
  const { server, client } = await connect();
  await client.create(widgets, ref, widget("a"));
  let drops = 1;
  server.intercept = () => ((drops -= 1) >= 0 ? "drop" : undefined);
  expect((await client.get(widgets, ref)).metadata?.name).toBe("a");
  drops = 2;
  await expect(client.get(widgets, ref)).rejects.toThrow();
  expect(server.count("GET")).toBe(4);
  drops = 1;
  await expect(client.update(widgets, ref, widget("a", 2))).rejects.toThrow();
  expect(server.count("PUT")).toBe(1);
});

describe("time", () => {
  test("a server that does not answer is given up, and its connection with it", async () => {
    const { server, client } = await connect({ requestTimeoutMs: 200 });
    server.intercept = (request) => (request.name === "slow" ? "hang" : undefined);
    await client.create(widgets, ref, widget("a"));
    const error = await client.get(widgets, { namespace: "default", name: "slow" }).catch((reason: unknown) => reason);
    expect(isTransportError(error)).toBe(true);
    await client.get(widgets, ref);
    expect(server.openSockets).toBe(1);
  });

  test("a signal ends a request", async () => {
    const { server, client } = await connect();
    server.intercept = () => "hang";
    await expect(client.get(widgets, ref, { signal: AbortSignal.timeout(50) })).rejects.toThrow();
  });

  test("a request that is given up at once leaves nothing behind: no open stream, and no error for nobody to catch", async () => {
    const { server, client } = await connect();
    const warm = await client.watch(widgets, {});
    // Somewhere among these moments the request is out and its answer is not in.
    for (let turns = 0; turns < 40; turns += 1) {
      const giveUp = new AbortController();
      const watch = client.watch(widgets, {}, { signal: giveUp.signal }).then((answer) => answer.read({ data: () => undefined, end: () => undefined, fail: () => undefined }), () => undefined);
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      giveUp.abort();
      await watch;
    }
    await until(() => server.watches.size === 1, "the end of every watch but the first");
    warm.destroy();
    // A stream that was left would throw now, where nobody can catch it, and end the process.
    await client.close();
    await until(() => server.openSockets === 0);
  });

  test("nobody listening is a transport error", async () => {
    const { server, client } = await connect();
    await server.stop();
    const error = await client.get(widgets, ref).catch((reason: unknown) => reason);
    expect(isTransportError(error)).toBe(true);
  });
});

describe("trust", () => {
  test("a server of another authority is refused", async () => {
    const { server, client } = await connect();
    server.useAuthority(new CertificateAuthority());
    await expect(client.get(widgets, ref)).rejects.toThrow(/certificate/);
    expect(server.requests).toHaveLength(0);
  });

  test("an authority that was rotated on disk counts from the next connection on", async () => {
    const server = await FakeApiserver.start();
    let ca = server.authority.cert;
    const client = new RestClient({ credentials: server.credentials({ tls: () => ({ ca }) }) });
    onTestFinished(() => client.close().then(() => server.stop()));
    await client.create(widgets, ref, widget("a"));
    const next = new CertificateAuthority();
    server.useAuthority(next);
    ca = next.cert;
    server.dropConnections();
    await until(() => server.openSockets === 0);
    await client.get(widgets, ref);
  });

  test("a client certificate that was renewed counts from the next refusal on: an open connection goes on showing the old one", async () => {
    const server = await FakeApiserver.start();
    const material = { ca: server.authority.cert, ...server.authority.serverCertificate() };
    let renewed = false;
    // As of a plugin: the next one comes when the server refuses this one.
    const credentials = server.credentials({ tls: () => (renewed ? { ...material, ca: `${material.ca}\n` } : material), invalidate: () => (renewed = true) });
    const client = new RestClient({ credentials });
    onTestFinished(() => client.close().then(() => server.stop()));
    await client.create(widgets, ref, widget("a"));
    const sockets = server.openSockets;
    server.intercept = () => (renewed ? undefined : status(401, "Unauthorized"));
    await client.get(widgets, ref);
    await until(() => server.openSockets === sockets, "the end of the first connection");
    server.intercept = (request) => (request.name === "a" ? status(401, "Unauthorized") : undefined);
    await expect(client.get(widgets, ref)).rejects.toMatchObject({ status: 401 });
    expect(server.openSockets).toBe(sockets);
  });
});

describe("errors", () => {
  test("are told apart by kind", async () => {
    const { client } = await connect();
    await client.create(widgets, ref, widget("a"));
    const fail = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);
    expect(isAlreadyExists(await fail(client.create(widgets, ref, widget("a"))))).toBe(true);
    const stale = { ...widget("a"), metadata: { name: "a", namespace: "default", resourceVersion: "1" } };
    const conflict = await fail(client.update(widgets, ref, stale));
    expect([isConflict(conflict), isAlreadyExists(conflict)]).toEqual([true, false]);
    expect(isNotFound(await fail(client.get(widgets, { namespace: "default", name: "b" })))).toBe(true);
  });

  test("say what was asked and what the server answered, at most 500 characters of it", async () => {
    const { server, client } = await connect();
    server.intercept = () => status(422, "Invalid", { message: `spec.size: ${"x".repeat(2000)}` });
    const error = (await client.create(widgets, ref, widget("a")).catch((reason: unknown) => reason)) as ApiError;
    expect(error.message).toMatch(/^POST widgets default: 422 Invalid: spec\.size: x/);
    expect(error.message.length).toBeLessThan(600);
  });

  test("about a Secret hold nothing that it holds, whatever the server echoes", async () => {
    const { server, client } = await connect();
    const canary = "c2VjcmV0LWNhbmFyeQ";
    const causes = [{ field: "data[token]", reason: "FieldValueInvalid", message: `Invalid value: "${canary}"` }];
    const body = { apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, data: { token: canary } };
    for (const code of [400, 403, 409, 422, 500, 503]) {
      server.intercept = () => status(code, "Invalid", { message: `refused: ${canary}`, details: { causes, name: "a" } });
      const error = await client.create(secrets, ref, body).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ApiError);
      expect(inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)).not.toContain(canary);
      expect(String(error)).toContain(`POST secrets default: ${code} Invalid: data[token] FieldValueInvalid`);
    }
  });

  test("about a Secret still say who may not do what", async () => {
    const { server, client } = await connect();
    const denial = 'User "system:serviceaccount:a:b" cannot create resource "secrets" in API group "" in the namespace "default"';
    server.intercept = () => status(403, "Forbidden", { message: `secrets is forbidden: ${denial}: extra` });
    await expect(client.create(secrets, ref, {})).rejects.toThrow(new RegExp(`403 Forbidden: ${denial}$`));
  });

  test("of a proxy that answers in HTML carry none of it", async () => {
    const { server, client } = await connect();
    server.intercept = () => ({ status: 502, body: "<html>secret</html>" });
    await expect(client.get(widgets, ref)).rejects.toThrow(/^GET widgets default\/a: 502$/);
  });
});
