// A token API that costs next to nothing, so that the controller is what is measured. Run as a process of its own:
// prints its url as one JSON line; the argument is the latency of each answer in milliseconds. Knows no rule of the
// real one but unique names.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

interface Stored {
  id: number;
  created: string;
  name: string;
  active: boolean;
  expiration: string;
  last_used: string | null;
  user: object;
}

const user = { id: 7, user_id: "data_ingest@service", user_name: "data_ingest", email: "x@service", name: "Data Ingest", role: "Member", user_type: "Service", teams: ["Public"], created: "2026-01-01T00:00:00Z", deleted_at: null };
const admin = { ...user, id: 1, user_id: "admin", name: "admin", role: "Admin", user_type: "Human" };
const latency = Number(process.argv[2] ?? "0");
const tokens = new Map<number, Stored>();
const names = new Set<string>();
let issued = 0;
let lists = 0;

function body(request: IncomingMessage): Promise<{ name: string; expires_in_days?: number }> {
  return new Promise((resolve) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
    request.on("end", () => resolve(JSON.parse(text) as { name: string }));
  });
}

const seconds = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

async function answer(request: IncomingMessage): Promise<[number, unknown]> {
  const path = (request.url ?? "").split("?")[0];
  if (request.method === "POST" && path === "/api/user-tokens") {
    const { name, expires_in_days = 90 } = await body(request);
    if (names.has(name)) return [409, { detail: "exists" }];
    names.add(name);
    const now = Date.now();
    const token: Stored = { id: ++issued, created: seconds(now), name, active: true, expiration: seconds(now + expires_in_days * 86_400_000), last_used: null, user };
    tokens.set(token.id, token);
    return [200, { ...token, bearer_token: `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(name).toString("base64url")}.${"s".repeat(43)}` }];
  }
  if (path === "/api/users/me") return [200, request.headers.authorization === "Bearer admin" ? admin : user];
  if (path === "/api/users") return [200, { items: [user], total: 1, page: 1, size: 100, pages: 1 }];
  if (path === "/stats") return [200, { issued, lists, active: [...tokens.values()].filter(({ active }) => active).length }];
  const id = Number(/^\/api\/user-tokens\/(\d+)$/.exec(path ?? "")?.[1]);
  const known = tokens.get(id);
  if (known && request.method === "PUT") {
    known.active = false;
    return [200, known];
  }
  if (known && request.method === "DELETE") return [tokens.delete(id) ? 204 : 404, undefined];
  if (path !== "/api/user-tokens/service") return [404, { detail: "not here" }];
  lists += 1;
  return [200, [...tokens.values()]];
}

const server = createServer((request, response) => {
  void answer(request).then(([status, value]) => {
    const text = value === undefined ? "" : JSON.stringify(value);
    const send = (): void => void response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) }).end(text);
    if (latency > 0) setTimeout(send, latency);
    else send();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.stdout.write(`{"url":"http://127.0.0.1:${(server.address() as AddressInfo).port}"}\n`));
