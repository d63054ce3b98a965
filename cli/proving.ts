// What a proof of possession is done with: the session's API, and a client of its own for the value that is tried.
import { isKind } from "../core/error.ts";
import type { TokenKind } from "../provider/deployment.ts";
import type { Session } from "../provider/session.ts";
import { createTokenApi } from "../tokenapi/client.ts";
import type { Bench } from "../tokenapi/possession.ts";

export function benchFor({ issuer }: Session, kind: TokenKind): Bench {
  return {
    api: issuer.api,
    clock: issuer.clock,
    list: kind === "ServiceToken" ? "service" : "personal",
    async ownerOf(value) {
      const own = createTokenApi({ url: issuer.url, token: value });
      try {
        return (await own.me()).id;
      } catch (error) {
        if (isKind(error, "denied")) return null;
        throw error;
      } finally {
        await own.close();
      }
    },
  };
}
