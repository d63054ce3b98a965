// Development mode: anybody on this machine may sign in as anybody. What keeps it there.
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Json, type TokenService, startTokenService } from "../support/token-service.ts";

let service: TokenService;

beforeAll(async () => {
  service = await startTokenService({ server: { development: true } });
});
afterAll(() => service.close());

/** As a browser would that knows the service under another name. */
function asked(host: string): Promise<{ status: number; body: string; cookie: string }> {
  const { port } = new URL(service.url);
  const body = JSON.stringify({ user_id: 2 });
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, method: "POST", path: "/session", headers: { host: `${host}:${port}`, origin: `http://${host}:${port}`, "content-type": "application/json" } }, (answer) => {
      let text = "";
      answer.on("data", (part: Buffer) => (text += part.toString()));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: text, cookie: answer.headers["set-cookie"]?.[0] ?? "" }));
    });
    sent.on("error", reject).end(body);
  });
}

describe("development mode", () => {
  it("offers one person of each role, and lets one in without a token", async () => {
    const { body } = await service.api<Json>("GET", "/session", undefined, null);
    expect((body["development"] as Json[]).map(({ role }) => role)).toEqual(["Admin", "Manager", "Editor", "Member"]);
    const { status, cookie } = await asked("127.0.0.1");
    expect(status).toBe(200);
    const me = await fetch(`${service.url}/api/users/me`, { headers: { cookie: cookie.split(";", 1)[0] ?? "" } });
    expect(((await me.json()) as Json)["role"]).toBe("Manager");
  });

  it("answers to this machine's own names only", async () => {
    expect((await asked("localhost")).status).toBe(200);
    for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example"]) expect((await asked(host)).status, host).toBe(403);
  });

  it("knows no service user and no one who is not there", async () => {
    const { id } = await service.createServiceUser("Robot");
    const answer = await fetch(`${service.url}/session`, { method: "POST", headers: { origin: service.url, "content-type": "application/json" }, body: JSON.stringify({ user_id: id }) });
    expect(answer.status).toBe(404);
  });

  it("lets nobody in as a person who is deactivated", async () => {
    expect((await service.api("DELETE", "/api/users/2")).status).toBe(204);
    expect(await asked("127.0.0.1")).toMatchObject({ status: 400, body: expect.stringContaining("deactivated"), cookie: "" });
    expect((await service.api("PATCH", "/api/users/2/restore")).status).toBe(200);
    expect((await asked("127.0.0.1")).status).toBe(200);
  });

  it.each([
    ["0.0.0.0:0", "memory:", "127.0.0.1"],
    [":0", "memory:", "127.0.0.1"],
  ])("does not start on %s with %s", async (listen, data, word) => {
    await expect(startTokenService({ listen, data, server: { development: true } })).rejects.toMatchObject({ code: "development-refused", message: expect.stringContaining(word) });
  });
});
