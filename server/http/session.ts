// The session's cookie, and whether a request comes from our own page. Decides how the
// cookie is written and what is refused as forged by another site; must not know whose
// session it is.
import type { FastifyReply, FastifyRequest } from "fastify";
import { Refusal } from "../rules/refusal.ts";
import { sessionSeconds } from "../rules/session.ts";

// The longer name is one that browsers take only with Secure, from the very host, over TLS.
const plainName = "servicetokens-session";
const secureName = `__Host-${plainName}`;

/** What the browser brings, undefined without a cookie. */
export function sessionValue(request: FastifyRequest): string | undefined {
  return cookieOf(request, secureName) ?? cookieOf(request, plainName);
}

export function cookieOf(request: FastifyRequest, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const [key, value] = pair.split("=", 2);
    if (key?.trim() === name && value !== undefined && value !== "") return value.trim();
  }
  return undefined;
}

export function giveCookie(request: FastifyRequest, reply: FastifyReply, value: string): void {
  const secure = isSecure(request);
  reply.header("set-cookie", `${secure ? secureName : plainName}=${value}; ${attributes(secure)}; Max-Age=${sessionSeconds}`);
}

export function takeCookie(request: FastifyRequest, reply: FastifyReply): void {
  for (const name of [secureName, plainName]) {
    if (cookieOf(request, name) !== undefined) reply.header("set-cookie", `${name}=; ${attributes(name === secureName)}; Max-Age=0`);
  }
}

function attributes(secure: boolean): string {
  return `Path=/; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
}

/** A proxy may speak TLS for us; the browser says in its Origin how it sees us. */
function isSecure(request: FastifyRequest): boolean {
  return request.protocol === "https" || request.headers.origin?.startsWith("https:") === true;
}

/**
 * A cookie comes along whoever makes the browser ask. SameSite keeps other sites out, and
 * this keeps out what shares our site: other ports and subdomains. Browsers set both
 * headers themselves, no script can; a request with neither is from no browser of ours.
 */
export function refuseForeignOrigin(request: FastifyRequest): void {
  const site = request.headers["sec-fetch-site"];
  const own = site === undefined ? sameHost(request.headers.origin, request.headers.host) : site === "same-origin";
  if (!own) throw new Refusal("denied", "With a session, changes can be made from this service's own pages only: send an Authorization header instead.");
}

function sameHost(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined || host === undefined) return false;
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
