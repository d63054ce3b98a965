// A way to an HTTP API on which every request is counted, and some are answered otherwise: refused, delayed, changed.
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Call {
  readonly method: string;
  readonly path: string;
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly status: number;
}

/** null: passed on as it is. hold: passed on, and answered later. */
export type Ruling = null | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string } | { readonly change: (body: string) => string } | { readonly hold: Promise<void> };

export interface Front {
  readonly url: string;
  /** What was asked since the last `forget`, in order. */
  calls(): readonly Call[];
  forget(): void;
  rule(ruling: (method: string, path: string) => Ruling): void;
  heal(): void;
  close(): Promise<void>;
}

export async function startFront(target: string): Promise<Front> {
  const pass = (): Ruling => null;
  let ruling: (method: string, path: string) => Ruling = pass;
  let calls: Call[] = [];
  const server = createServer((from, to) => {
    const [method, path] = [from.method ?? "GET", from.url ?? "/"];
    const ruled = ruling(method, path);
    const note = (status: number): void => void calls.push({ method, path, at: performance.now(), status });
    if (ruled && "status" in ruled) {
      note(ruled.status);
      from.resume();
      to.writeHead(ruled.status, { "content-type": "application/json", date: new Date().toUTCString(), ...ruled.headers }).end(ruled.body ?? '{"detail":"refused on the way"}');
      return;
    }
    forward(target, from, to, { note, change: ruled && "change" in ruled ? ruled.change : null, hold: ruled && "hold" in ruled ? ruled.hold : null });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    forget: () => {
      calls = [];
    },
    rule: (next) => {
      ruling = next;
    },
    heal: () => {
      ruling = pass;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function forward(target: string, from: IncomingMessage, to: ServerResponse, how: { note: (status: number) => void; change: ((body: string) => string) | null; hold: Promise<void> | null }): void {
  const { host, ...headers } = from.headers;
  const onward = request(new URL(from.url ?? "/", target), { method: from.method, headers: { ...headers, ...(host === undefined ? {} : { host: new URL(target).host }) } }, (answer) => {
    const status = answer.statusCode ?? 502;
    how.note(status);
    if (how.hold) {
      // It had its effect, and is answered when the time has come.
      const { hold } = how;
      void hold.then(() => {
        to.writeHead(status, answer.headers);
        answer.pipe(to);
      });
      return;
    }
    if (!how.change) {
      to.writeHead(status, answer.headers);
      answer.pipe(to);
      return;
    }
    const pieces: Buffer[] = [];
    answer.on("data", (piece: Buffer) => pieces.push(piece));
    answer.on("end", () => {
      const { "content-length": _, ...rest } = answer.headers;
      to.writeHead(status, rest).end(how.change?.(Buffer.concat(pieces).toString("utf8")));
    });
  });
  onward.on("error", () => to.destroy());
  from.pipe(onward);
}
