// A plain way to an apiserver, on which whoever asks can be killed right after a request of theirs was carried out.
import { createServer } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";

export interface KubeFront {
  readonly url: string;
  /** Once such a request ("PATCH /api/v1/namespaces/default/secrets/ingest") was carried out, for the nth time, and nobody has heard of it. */
  strike(what: RegExp, nth: number, happening: () => void): void;
  close(): Promise<void>;
}

export async function startKubeFront(apiserver: string): Promise<KubeFront> {
  let waiting: { what: RegExp; left: number; happening: () => void } | null = null;
  const { hostname, port } = new URL(apiserver);
  const server = createServer((from, to) => {
    const asked = `${from.method} ${from.url ?? ""}`;
    const onward = request({ hostname, port, method: from.method, path: from.url, headers: from.headers, rejectUnauthorized: false }, (answer) => {
      const struck = waiting?.what.test(asked) === true && --waiting.left === 0 ? waiting : null;
      if (!struck) {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(to);
        return;
      }
      waiting = null;
      answer.resume();
      answer.once("end", () => {
        struck.happening();
        to.destroy();
      });
    });
    onward.once("error", () => to.destroy());
    from.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    strike(what, nth, happening) {
      waiting = { what, left: nth, happening };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
