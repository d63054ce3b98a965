// Signing in and out with a browser, for the page alone: none of it is part of the API.
// Decides what the page is told about the session; the rules decide who may have one.
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isThisMachine } from "../development.ts";
import { stamp } from "../rules/moment.ts";
import { InvalidInput, Refusal, valueProblem } from "../rules/refusal.ts";
import type { Service } from "../rules/service.ts";
import { type OpenedSession, signIn, signInAs, signOut, usableSession } from "../rules/session.ts";
import { type Account, listPeople } from "../storage/account-table.ts";
import { userStub } from "./answer.ts";
import { inputChecker } from "./input.ts";
import { type ObjectSchema, rowId } from "./input-schema.ts";
import type { RateLimits } from "./rate-limits.ts";
import { countingFailures, originOf } from "./request-caller.ts";
import { giveCookie, refuseForeignOrigin, sessionValue, takeCookie } from "./session.ts";

const signInBody: ObjectSchema = {
  type: "object",
  properties: {
    token: { type: "string", minLength: 1, maxLength: 8_192 },
    // Development mode only.
    user_id: rowId,
  },
};
const check = inputChecker({ body: signInBody });

export function serveSession(app: FastifyInstance, service: Service, limits: RateLimits): void {
  app.get("/session", async (request, reply) => sent(reply, await told(service, request)));

  app.post("/session", async (request, reply) => {
    refuseForeignOrigin(request);
    const opened = await countingFailures(limits, request, () => open(service, request));
    giveCookie(request, reply, opened.value);
    return sent(reply, answer(opened.account, opened.tokenId, opened.expires));
  });

  app.delete("/session", async (request, reply) => {
    refuseForeignOrigin(request);
    const value = sessionValue(request);
    if (value !== undefined) await signOut(service, value, originOf(request));
    takeCookie(request, reply);
    return reply.code(204).send();
  });
}

async function open(service: Service, request: FastifyRequest): Promise<OpenedSession> {
  const { token, user_id: userId } = check({ params: {}, query: {}, body: request.body }).body as { token?: string; user_id?: number };
  if (userId !== undefined) {
    if (!mayChoose(service, request)) throw new Refusal("denied", "Signing in without a token is for development mode on this machine: start the service with --development.");
    return signInAs(service, userId, originOf(request));
  }
  if (token === undefined) throw new InvalidInput([valueProblem(["body", "token"], "a token is needed to sign in", null)]);
  return signIn(service, token, originOf(request));
}

async function told(service: Service, request: FastifyRequest): Promise<object> {
  const value = sessionValue(request);
  const session = value === undefined ? undefined : await usableSession(service, value);
  const people = mayChoose(service, request) ? (await listPeople(service.database)).map(({ id, name, role }) => ({ id, name, role })) : null;
  return { ...(session === undefined ? { user: null, token_id: null, expires: null } : answer(session.account, session.token?.id ?? null, session.expires)), development: people, now: new Date(service.clock()).toISOString() };
}

function answer(account: Account, tokenId: number | null, expires: Date): object {
  return { user: userStub(account), token_id: tokenId, expires: stamp(expires) };
}

/** Also by the name it is called by: another site's name may lead here, to let that site in. */
function mayChoose(service: Service, request: FastifyRequest): boolean {
  return service.development === true && isThisMachine(request.hostname.replace(/^\[(.*)\]$/, "$1"));
}

function sent(reply: FastifyReply, body: object): FastifyReply {
  return reply.code(200).type("application/json; charset=utf-8").send(JSON.stringify(body));
}
