// What node:http costs alone: the answer of /api/users/me, without looking at anything.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const answer = JSON.stringify({
  id: 2, user_id: "admin", user_name: "admin", email: "admin@localhost", name: "Administrator", role: "Admin", user_type: "Human", created: "2026-01-15T10:30:00Z",
  teams: ["Public"], last_login: null, created_at: "2026-01-15T10:30:00Z", deleted_at: null, created_by_id: null,
});

const server = createServer((_request, response) => {
  response.writeHead(200, { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(answer) }).end(answer);
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })}\n`));
