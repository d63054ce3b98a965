// A token API that costs next to nothing, so that the controller is what is measured. Run as a process of its own:
// prints its url as one JSON line; the argument is the latency of each answer in milliseconds. Knows no rule of the
// real one but unique names. On a bare socket: what it takes of the processors, whoever is measured goes without.
import { after, answer, breakingSocket, type Seen } from "../support/breaking-socket.ts";

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

const seconds = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

function answerTo(request: Seen): [number, unknown] {
  const [path] = request.path.split("?");
  if (request.method === "POST" && path === "/api/user-tokens") {
    const { name, expires_in_days = 90 } = JSON.parse(request.body) as { name: string; expires_in_days?: number };
    if (names.has(name)) return [409, { detail: "exists" }];
    names.add(name);
    const now = Date.now();
    const token: Stored = { id: ++issued, created: seconds(now), name, active: true, expiration: seconds(now + expires_in_days * 86_400_000), last_used: null, user };
    tokens.set(token.id, token);
    return [200, { ...token, bearer_token: `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(name).toString("base64url")}.${"s".repeat(43)}` }];
  }
  if (path === "/api/users/me") return [200, request.headers.get("authorization") === "Bearer admin" ? admin : user];
  if (path === "/api/users") return [200, { items: [user], total: 1, page: 1, size: 100, pages: 1 }];
  if (path === "/forget") {
    tokens.clear();
    names.clear();
    return [204, undefined];
  }
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

const socket = await breakingSocket([
  (connection, request) => {
    const [status, value] = answerTo(request);
    const act = answer(status, value === undefined ? "" : JSON.stringify(value));
    if (latency > 0) after(latency, act)(connection, request);
    else act(connection, request);
  },
]);
process.stdout.write(`{"url":"${socket.url}"}\n`);
