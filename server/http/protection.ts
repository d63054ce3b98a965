// What every request has to pass and every answer carries, before any endpoint. Decides
// the headers that keep browsers out of trouble, and the limits of address and URI; must
// not know what is asked for.
import type { FastifyInstance } from "fastify";
import type { RateLimits } from "./rate-limits.ts";

export interface ProtectionSettings {
  readonly uriLength: number;
  /** Browsers are told to come by HTTPS only. */
  readonly tls: boolean;
}

/** Nothing may be loaded, framed or guessed from an answer; a page says for itself what it needs. */
export const everywhere: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

export function protect(app: FastifyInstance, limits: RateLimits, { uriLength, tls }: ProtectionSettings): void {
  const headers = tls ? { ...everywhere, "strict-transport-security": "max-age=31536000" } : everywhere;
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers({ ...headers, "x-request-id": request.id });
    if ((request.raw.url ?? "").length > uriLength) {
      reply.code(414).send({ detail: `The URI is longer than ${uriLength} characters.` });
      return;
    }
    try {
      limits.admitAddress(request.ip);
      done();
    } catch (refusal) {
      done(refusal as Error);
    }
  });
}
