// What the page at /cli/authorize asks for once a person has decided. Decides the answer
// to the waiting client: a token, or that it was refused.
import type { FastifyInstance } from "fastify";
import { type CliRequest, checkedReturn, issueForCli } from "../rules/cli-authorization.ts";
import type { Service } from "../rules/service.ts";
import { inputChecker } from "./input.ts";
import type { ObjectSchema } from "./input-schema.ts";
import type { RateLimits } from "./rate-limits.ts";
import { callerOf } from "./request-caller.ts";

const body: ObjectSchema = {
  type: "object",
  properties: {
    redirect_uri: { type: "string", maxLength: 2_000 },
    state: { type: "string", maxLength: 1_000 },
    hostname: { type: "string", maxLength: 255 },
    allow: { type: "boolean" },
  },
  required: ["redirect_uri", "allow"],
};
const check = inputChecker({ body });

export function serveCliAuthorization(app: FastifyInstance, service: Service, limits: RateLimits): void {
  // A GET only shows the question: whoever can make a browser open a page must not get a token. With a session, callerOf lets nobody post but our own pages.
  app.post("/cli/authorize", async (request) => {
    const caller = await callerOf(service, limits, request);
    const asked = check({ params: {}, query: {}, body: request.body }).body as CliRequest & { readonly allow: boolean };
    const target = checkedReturn(asked.redirect_uri);
    if (asked.allow) target.searchParams.set("token", await issueForCli(service, caller, asked.hostname ?? ""));
    else target.searchParams.set("error", "access_denied");
    if (asked.state !== undefined) target.searchParams.set("state", asked.state);
    return { location: target.href };
  });
}
