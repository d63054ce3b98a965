// A small apiserver that misbehaves on command: real TLS, HTTP/2 and HTTP/1.1, real
// lists and watches over fake-collection.ts, behind a relay that can go deaf like a
// firewall that lost its state. For failures that a healthy kube-apiserver cannot be
// made to show; what a healthy one does is tested against a real one.
import { once } from "node:events";
import { createSecureServer } from "node:http2";
import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Credentials, KubeObject } from "../../controller/runtime/index.ts";
import { CertificateAuthority } from "./certificate.ts";
import { FakeCollection, Revision, keyOf } from "./fake-collection.ts";
import type { HistoryEvent } from "./fake-collection.ts";

export interface SeenRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  plural: string;
  namespace: string | undefined;
  name: string | undefined;
  /** LIST and WATCH are told from GET, APPLY from PATCH. */
  verb: string;
  at: number;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** Answers in place of the server; undefined lets it answer itself. */
export type Interceptor = (request: SeenRequest) => Reply | "hang" | "drop" | undefined;

export const status = (code: number, reason: string, extra: object = {}): Reply => ({
  status: code,
  body: { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message: `${reason} by the fake apiserver`, ...extra },
});

export interface OpenWatch {
  request: SeenRequest;
  write(data: string | Buffer): void;
  /** The end that a server's timeout makes. */
  end(): void;
  /** RST_STREAM: no end, just gone. */
  cut(): void;
}

/** What it speaks: a kube-apiserver speaks both. */
export type Protocols = "both" | "http1" | "http2";

const snapshotEnd = { "k8s.io/initial-events-end": "true" };

export class FakeApiserver {
  readonly requests: SeenRequest[] = [];
  readonly watches = new Set<OpenWatch>();
  readonly sessions = new Set<ServerHttp2Session>();
  readonly authority = new CertificateAuthority();
  readonly revision = new Revision();
  intercept: Interceptor = () => undefined;
  /** Ignores sendInitialEvents, as servers before 1.32 do. */
  streamsSnapshots = true;
  /** Refuses a watch from a version that it has not reached. A kube-apiserver takes it, and is silent until it has. */
  refusesFuture = false;
  /** How an event line is cut into network writes. */
  chunks: (line: Buffer) => Buffer[] = (line) => [line];
  readonly #collections = new Map<string, FakeCollection>();
  readonly #server: Http2SecureServer;
  readonly #relay: Server;
  readonly #relayed = new Set<{ client: Socket; server: Socket }>();
  readonly #http1 = new Set<Socket>();
  /** Of HTTP/1.1: each ends with its next answer. */
  readonly #leaving = new WeakSet<Socket>();
  #backendPort = 0;

  private constructor(protocols: Protocols) {
    const handler = (request: Http2ServerRequest, response: Http2ServerResponse): void => void this.#answer(request, response);
    // The compatibility API of HTTP/2 has the shape of HTTP/1.1: one handler serves both.
    this.#server = protocols === "http1"
      ? (createHttpsServer(this.authority.serverCertificate(), handler as never) as unknown as Http2SecureServer)
      : createSecureServer({ ...this.authority.serverCertificate(), allowHTTP1: protocols === "both" }, handler);
    this.#server.on("secureConnection", (socket: TLSSocket) => {
      if (socket.alpnProtocol === "h2") return;
      this.#http1.add(socket);
      socket.once("close", () => this.#http1.delete(socket));
    });
    this.#server.on("session", (session) => {
      this.sessions.add(session);
      session.once("close", () => this.sessions.delete(session));
    });
    this.#server.on("sessionError", () => undefined);
    this.#relay = createServer((client) => this.#relayOne(client));
  }

  static async start(protocols: Protocols = "both"): Promise<FakeApiserver> {
    const fake = new FakeApiserver(protocols);
    fake.#server.listen(0, "127.0.0.1");
    await once(fake.#server, "listening");
    fake.#backendPort = (fake.#server.address() as AddressInfo).port;
    fake.#relay.listen(0, "127.0.0.1");
    await once(fake.#relay, "listening");
    return fake;
  }

  get port(): number {
    return (this.#relay.address() as AddressInfo).port;
  }

  credentials(over: Partial<Credentials> = {}): Credentials {
    const server = new URL(`https://127.0.0.1:${this.port}`);
    return { server, tls: () => ({ ca: this.authority.cert }), authorization: () => "Bearer test", invalidate: () => undefined, ...over };
  }

  collection(plural: string): FakeCollection {
    let found = this.#collections.get(plural);
    if (found === undefined) this.#collections.set(plural, (found = new FakeCollection(this.revision)));
    return found;
  }

  get openSockets(): number {
    return this.#relayed.size;
  }

  count(verb: string): number {
    return this.requests.filter((request) => request.verb === verb).length;
  }

  /** No byte passes any more on the connections there are; new ones work. */
  goDeaf(): void {
    for (const { client, server } of this.#relayed) {
      client.unpipe(server);
      server.unpipe(client);
      client.pause();
      server.pause();
    }
  }

  /** A graceful end of each connection, as at a rolling restart. */
  goAway(): void {
    for (const session of this.sessions) session.close();
    for (const socket of this.#http1) this.#leaving.add(socket);
  }

  dropConnections(): void {
    for (const { client, server } of this.#relayed) {
      client.destroy();
      server.destroy();
    }
  }

  /** Presents a certificate of another authority from now on. */
  useAuthority(authority: CertificateAuthority): void {
    this.#server.setSecureContext(authority.serverCertificate());
  }

  /** Sends each watch a bookmark. */
  bookmark(): void {
    for (const watch of this.watches) watch.write(line({ type: "BOOKMARK", object: { metadata: { resourceVersion: String(this.revision.value) } } }));
  }

  async stop(): Promise<void> {
    this.dropConnections();
    for (const session of this.sessions) session.destroy();
    this.#relay.close();
    this.#server.close();
    await once(this.#relay, "close");
  }

  #relayOne(client: Socket): void {
    const server = connect(this.#backendPort, "127.0.0.1");
    for (const socket of [client, server]) socket.setNoDelay(true);
    const pair = { client, server };
    this.#relayed.add(pair);
    client.pipe(server);
    server.pipe(client);
    const close = (): void => {
      client.destroy();
      server.destroy();
      this.#relayed.delete(pair);
    };
    for (const socket of [client, server]) socket.on("error", close).on("close", close);
  }

  async #answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const seen = parse(request, Buffer.concat(chunks).toString("utf8"));
    this.requests.push(seen);
    if (this.#http1.has(request.socket) && this.#leaving.has(request.socket)) response.setHeader("connection", "close");
    const scripted = this.intercept(seen);
    if (scripted === "hang") return;
    if (scripted === "drop") reset(response);
    else if (scripted !== undefined) send(response, scripted);
    else if (seen.verb === "WATCH") this.#watch(seen, response);
    else send(response, this.#serve(seen));
  }

  #serve(seen: SeenRequest): Reply {
    const collection = this.collection(seen.plural);
    const key = keyOf({ metadata: { ...(seen.namespace === undefined ? {} : { namespace: seen.namespace }), ...(seen.name === undefined ? {} : { name: seen.name }) } });
    if (seen.verb === "LIST") return this.#list(seen, collection);
    if (seen.verb === "POST") return create(seen, collection);
    const current = collection.objects.get(key);
    if (current === undefined && seen.verb !== "APPLY") return status(404, "NotFound");
    if (seen.verb === "GET") return { status: 200, body: current };
    if (seen.verb === "DELETE") return { status: 200, body: collection.remove(key) };
    const body = JSON.parse(seen.body) as KubeObject;
    const expected = body.metadata?.resourceVersion;
    if (expected !== undefined && expected !== current?.metadata?.resourceVersion) return status(409, "Conflict");
    const merged = seen.verb === "PATCH" ? { ...current, ...body, metadata: { ...current?.metadata, ...body.metadata } } : body;
    return { status: 200, body: collection.put(merged) };
  }

  #list(seen: SeenRequest, collection: FakeCollection): Reply {
    const all = this.#selected(seen, collection);
    const from = Number(seen.query.get("continue") ?? 0);
    const size = Number(seen.query.get("limit") ?? all.length);
    const next = from + size < all.length ? String(from + size) : undefined;
    return { status: 200, body: { metadata: { resourceVersion: String(this.revision.value), continue: next }, items: all.slice(from, from + size) } };
  }

  #selected(seen: SeenRequest, collection: FakeCollection): KubeObject[] {
    const name = /^metadata\.name=(.*)$/.exec(seen.query.get("fieldSelector") ?? "")?.[1];
    return [...collection.objects.values()].filter(({ metadata }) => (seen.namespace === undefined || metadata?.namespace === seen.namespace) && (name === undefined || metadata?.name === name));
  }

  #watch(seen: SeenRequest, response: Http2ServerResponse): void {
    const collection = this.collection(seen.plural);
    const from = seen.query.get("resourceVersion");
    if (from !== null && Number(from) < collection.compactedTo) return send(response, status(410, "Expired"));
    if (this.refusesFuture && from !== null && Number(from) > this.revision.value) return send(response, status(504, "Timeout", { message: "Too large resource version", details: { causes: [{ reason: "ResourceVersionTooLarge" }] } }));
    response.writeHead(200, { "content-type": "application/json" });
    // Without a byte of body the headers would wait for the first event.
    (response as unknown as { flushHeaders(): void }).flushHeaders();
    const write = (data: string | Buffer): void => {
      for (const chunk of this.chunks(Buffer.from(data))) response.write(chunk);
    };
    const wanted = (event: HistoryEvent): boolean => event.version > Number(from ?? 0) && (seen.namespace === undefined || event.object.metadata?.namespace === seen.namespace);
    const listener = (event: HistoryEvent): void => {
      if (wanted(event)) write(line(event));
    };
    const watch: OpenWatch = { request: seen, write, end: () => void response.end(), cut: () => reset(response) };
    this.watches.add(watch);
    collection.listeners.add(listener);
    const close = (): void => {
      this.watches.delete(watch);
      collection.listeners.delete(listener);
      clearTimeout(timer);
    };
    const timer = setTimeout(watch.end, Number(seen.query.get("timeoutSeconds") ?? 3600) * 1000);
    response.on("close", close).on("finish", close);
    if (from === null) for (const object of this.#selected(seen, collection)) write(line({ type: "ADDED", object }));
    else for (const event of collection.after(Number(from))) listener(event);
    if (seen.query.get("sendInitialEvents") !== "true" || !this.streamsSnapshots) return;
    write(line({ type: "BOOKMARK", object: { metadata: { resourceVersion: String(this.revision.value), annotations: snapshotEnd } } }));
  }
}

export const line = (event: { type: string; object: object }): string => `${JSON.stringify({ type: event.type, object: event.object })}\n`;

function create(seen: SeenRequest, collection: FakeCollection): Reply {
  const body = JSON.parse(seen.body) as KubeObject;
  if (collection.objects.has(keyOf(body))) return status(409, "AlreadyExists");
  return { status: 201, body: collection.put(body) };
}

function send(response: Http2ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
  response.end(typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body));
}

function reset(response: Http2ServerResponse): void {
  // HTTP/1.1 has no stream to reset: its connection goes.
  const stream = response.stream as { close?: (code: number) => void } | undefined;
  if (stream?.close !== undefined) stream.close(2);
  else response.socket?.destroy();
}

function parse(request: Http2ServerRequest, body: string): SeenRequest {
  const url = new URL(request.url, "https://localhost");
  const parts = url.pathname.split("/").filter((part) => part !== "").slice(url.pathname.startsWith("/apis/") ? 3 : 2);
  const namespace = parts[0] === "namespaces" ? parts[1] : undefined;
  const [plural = "", name] = (namespace === undefined ? parts : parts.slice(2)).map(decodeURIComponent);
  const method = request.method;
  const seen = { method, path: url.pathname, query: url.searchParams, headers: request.headers, body, plural, namespace, name, at: performance.now() };
  return { ...seen, verb: verbOf(seen) };
}

function verbOf(seen: Omit<SeenRequest, "verb">): string {
  if (seen.query.get("watch") === "true") return "WATCH";
  if (seen.method === "GET" && seen.name === undefined) return "LIST";
  const patchType = seen.headers["content-type"];
  return seen.method === "PATCH" && patchType === "application/apply-patch+yaml" ? "APPLY" : seen.method;
}
