// The wire between provider and token service: notes every request, and can lose the answer to one.
import { createServer, request } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Wire {
  readonly url: string;
  /** "GET /api/users/me", in order, since the last call. */
  taken(): string[];
  /**
   * The next answer to such a request ("POST /api/user-tokens") is lost: the service has done what was asked, then
   * `happening` runs, then the connection breaks. With a pattern, the nth answer to what it matches.
   */
  lose(request: string | RegExp, happening?: () => void | Promise<void>, nth?: number): void;
  /** The next answer to such a request waits for `happening`. */
  hold(request: string, happening: () => Promise<void>): void;
  /** Whether the answer that was to be lost is still to come. */
  isLosing(): boolean;
  /** From now on only this token authenticates; null: all do that are good. */
  onlyFor(token: string | null): void;
  close(): Promise<void>;
}

export async function startWire(target: string): Promise<Wire> {
  let taken: string[] = [];
  let losing: { request: string | RegExp; left: number; happening: () => void | Promise<void> } | null = null;
  const isMeant = (what: string): boolean => (losing ? (typeof losing.request === "string" ? losing.request === what : losing.request.test(what)) : false);
  let held: { request: string; happening: () => Promise<void> } | null = null;
  let chosen: string | null = null;
  const { hostname, port } = new URL(target);

  function forward(from: IncomingMessage, to: ServerResponse): void {
    const what = `${from.method} ${(from.url ?? "").split("?")[0]}`;
    taken.push(what);
    if (chosen !== null && from.headers.authorization !== `Bearer ${chosen}`) {
      from.resume();
      to.writeHead(401, { "content-type": "application/json" }).end('{"detail":"Not authenticated"}');
      return;
    }
    const lost = losing && isMeant(what) && --losing.left <= 0 ? losing : null;
    if (lost) losing = null;
    const wait = held?.request === what ? held.happening : null;
    if (wait) held = null;
    const onward = request({ hostname, port, method: from.method, path: from.url, headers: from.headers }, (answer) => {
      if (!lost) {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        void Promise.resolve(wait?.()).finally(() => answer.pipe(to));
        return;
      }
      answer.resume();
      answer.once("end", () => void Promise.resolve(lost.happening()).finally(() => to.destroy()));
    });
    onward.once("error", () => to.destroy());
    from.pipe(onward);
  }

  const server = createServer(forward);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken() {
      const all = taken;
      taken = [];
      return all;
    },
    lose(what, happening = () => undefined, nth = 1) {
      losing = { request: what, left: nth, happening };
    },
    hold(what, happening) {
      held = { request: what, happening };
    },
    isLosing: () => losing !== null,
    onlyFor(token) {
      chosen = token;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
