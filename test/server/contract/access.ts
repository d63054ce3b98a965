// Who may call what: every endpoint against every role, without a token and with a SCIM token.
import { describe, expect, it } from "vitest";
import { type Role, atLeast, roles } from "../../../server/rules/role.ts";
import { type World, detailOf, fresh, issue } from "../world.ts";

/** Calls that change nothing where they are allowed: a missing row, or input that is refused after the access check. */
const calls: readonly (readonly [method: string, path: string, least: Role, allowed: number, body?: unknown])[] = [
  ["POST", "/api/users", "Admin", 422, {}],
  ["GET", "/api/users", "Manager", 200],
  ["GET", "/api/users?type=Service", "Manager", 200],
  ["GET", "/api/users/listing?type=Service", "Admin", 200],
  ["GET", "/api/users/me", "Member", 200],
  ["GET", "/api/users/999999", "Manager", 404],
  ["PUT", "/api/users/999999", "Admin", 404, {}],
  ["DELETE", "/api/users/999999", "Admin", 404],
  ["PATCH", "/api/users/999999/restore", "Admin", 404],
  ["POST", "/api/user-tokens", "Member", 422, {}],
  ["POST", "/api/user-tokens", "Admin", 404, { name: "x", user_id: 999_999 }],
  ["GET", "/api/user-tokens", "Member", 200],
  ["GET", "/api/user-tokens/service", "Admin", 200],
  ["PUT", "/api/user-tokens/999999", "Member", 404, {}],
  ["DELETE", "/api/user-tokens/999999", "Member", 404],
  ["GET", "/api/teams", "Manager", 200],
  ["GET", "/api/teams/999999", "Manager", 404],
  ["GET", "/api/scim/v2/Users", "Admin", 200],
];

const title = ([method, path, least]: (typeof calls)[number]): string => `${method} ${path} (${least})`;

export function accessContract(world: () => World): void {
  describe("access", () => {
    it.each(calls.map((call) => [title(call), call] as const))("%s", async (_title, [method, path, least, allowed, body]) => {
      const { service, tokens, scimToken } = world();
      const seen: Record<string, number> = {};
      const wanted: Record<string, number> = {};
      for (const role of roles) {
        seen[role] = (await service.api(method, path, body, tokens[role])).status;
        wanted[role] = atLeast(role, least) ? allowed : 403;
      }
      expect(seen).toEqual(wanted);
      const scim = await service.api(method, path, body, scimToken);
      expect(scim.status).toBe(path.startsWith("/api/scim/") ? 200 : 403);
      const nobody = await service.api(method, path, body, null);
      expect(detailOf(nobody, 401)).toEqual(expect.any(String));
      expect(nobody.headers.get("www-authenticate")).toBe("Bearer");
    });

    it("asks who calls before it reads what they send", async () => {
      const { service, tokens } = world();
      for (const [token, status] of [[null, 401], [tokens.Member, 403]] as const) {
        const answer = await fetch(`${service.url}/api/users`, {
          method: "POST",
          headers: { "content-type": "text/plain", ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
          body: "{",
        });
        expect(answer.status).toBe(status);
      }
    });

    it("takes the role from the database, not from the token", async () => {
      const { service } = world();
      const user = await service.createServiceUser(fresh("promoted"), "Member");
      const { bearer_token: token = "" } = await issue(service, { name: "t", user_id: user.id });
      const statusAs = async (role: string): Promise<number> => {
        await service.api("PUT", `/api/users/${user.id}`, { role });
        return (await service.api("GET", "/api/users", undefined, token)).status;
      };
      expect([await statusAs("Manager"), await statusAs("Member"), await statusAs("Admin"), await statusAs("Editor")]).toEqual([200, 403, 200, 403]);
    });

    it("lets a SCIM token act only while its owner is an Admin", async () => {
      const { service } = world();
      const user = await service.createServiceUser(fresh("provisioner"), "Admin");
      const { bearer_token: token = "" } = await issue(service, { name: "scim", user_id: user.id, scim_endpoints_only: true });
      expect((await service.api("GET", "/api/scim/v2/Users", undefined, token)).status).toBe(200);
      await service.api("PUT", `/api/users/${user.id}`, { role: "Manager" });
      expect((await service.api("GET", "/api/scim/v2/Users", undefined, token)).status).toBe(403);
    });
  });
}
