// Who may do what: every cell of the tables in server/rules/access.ts, tried.
import { describe, expect, it } from "vitest";
import { type Asker, type Deed, type Endpoint, askers, deedRoles, deeds, endpoints, may, mayAsk } from "../../../server/rules/access.ts";
import type { Role } from "../../../server/rules/role.ts";
import { type World, fresh, issue } from "../world.ts";

/** Per endpoint a call that changes nothing where it is allowed (a missing row, or input refused after the access check), and its answer. */
const calls: Readonly<Record<Endpoint, readonly [allowed: number, path: string, body?: unknown]>> = {
  "GET /": [200, "/"],
  "GET /health": [204, "/health"],
  "GET /status": [200, "/status"],
  "GET /openapi.json": [200, "/openapi.json"],
  "GET /users/me": [200, "/users/me"],
  "GET /users": [200, "/users?type=Service"],
  "GET /users/:id": [404, "/users/999999"],
  "GET /users/listing": [200, "/users/listing?type=Service"],
  "POST /users": [422, "/users", {}],
  "PUT /users/:id": [404, "/users/999999", {}],
  "DELETE /users/:id": [404, "/users/999999"],
  "PATCH /users/:id/restore": [404, "/users/999999/restore"],
  "GET /teams": [200, "/teams"],
  "GET /teams/:id": [404, "/teams/999999"],
  "POST /user-tokens": [422, "/user-tokens", {}],
  "GET /user-tokens": [200, "/user-tokens"],
  "GET /user-tokens/service": [200, "/user-tokens/service"],
  "PUT /user-tokens/:id": [404, "/user-tokens/999999", {}],
  "DELETE /user-tokens/:id": [404, "/user-tokens/999999"],
  "GET /global-tags": [200, "/global-tags"],
  "GET /audit": [200, "/audit?size=1"],
  "GET /scim/v2/Users": [200, "/scim/v2/Users"],
};

export function accessContract(world: () => World): void {
  const tokenOf = (asker: Asker): string | null => (asker === "nobody" ? null : asker === "SCIM token" ? world().scimToken : world().tokens[asker]);

  describe("access", () => {
    it.each(Object.keys(endpoints) as Endpoint[])("%s", async (endpoint) => {
      const [allowed, path, body] = calls[endpoint];
      const seen: Record<string, number> = {};
      const wanted: Record<string, number> = {};
      for (const asker of askers) {
        const answer = await world().service.api(endpoint.split(" ", 1)[0] ?? "", `/api${path}`, body, tokenOf(asker));
        seen[asker] = answer.status;
        wanted[asker] = mayAsk(endpoint, asker) ? allowed : asker === "nobody" ? 401 : 403;
        if (answer.status === 401) expect(answer.headers.get("www-authenticate")).toBe("Bearer");
        if (answer.status >= 400) expect(answer.body).toEqual({ detail: expect.anything() });
      }
      expect(seen).toEqual(wanted);
    });

    it.each(Object.keys(deeds) as Deed[])("to %s", async (deed) => {
      for (const role of deedRoles) expect([role, await tryDeed(world(), deed, role)]).toEqual([role, may(role, deed)]);
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

/** Whether the deed was done; where not, that it was refused as documented and left no trace. */
async function tryDeed({ service, tokens, person }: World, deed: Deed, role: Role): Promise<boolean> {
  const token = tokens[role];
  const issueAs = async (request: Record<string, unknown>): Promise<boolean> => {
    const { status, body } = await service.api("POST", "/api/user-tokens", { name: fresh("deed"), ...request }, token);
    expect([200, 403]).toContain(status);
    for (const [method, change] of [["PUT", {}], ["DELETE", undefined]] as const) await service.api(method, `/api/user-tokens/${String(body["id"])}`, change, token);
    return status === 200;
  };
  const changeAs = async (id: number): Promise<boolean> => {
    const statuses = [];
    for (const revoke of [true, false, true]) statuses.push((await service.api("PUT", `/api/user-tokens/${id}`, { revoke }, token)).status);
    statuses.push((await service.api("DELETE", `/api/user-tokens/${id}`, undefined, token)).status);
    const done = statuses[0] === 200;
    expect(statuses).toEqual(done ? [200, 200, 200, 204] : [404, 404, 404, 404]);
    return done;
  };
  const serviceUser = (): Promise<{ id: number }> => service.createServiceUser(fresh("deed"));
  switch (deed) {
    case "issue a token for oneself":
      return issueAs({});
    case "issue a token for SCIM":
      return issueAs({ scim_endpoints_only: true });
    case "issue a token for a service user":
      return issueAs({ user_id: (await serviceUser()).id });
    case "change one's own token":
      return changeAs((await issue(service, { name: fresh("deed") }, token)).id);
    case "change a service user's token":
      return changeAs((await issue(service, { name: "t", user_id: (await serviceUser()).id })).id);
    case "change another person's token":
      return changeAs(person.tokenId);
  }
}
