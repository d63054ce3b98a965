// A proxy in front of the token API that passes requests on and is not to be trusted with the answers: slow, lying
// (an error after the effect), losing them, or busy. Whom it treats how is decided by the chance it is given.
import { Agent, createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Mood {
  /** Milliseconds before it is passed on, at most. */
  readonly slow: number;
  /** Shares of the requests. */
  readonly lie: number;
  readonly lose: number;
  readonly busy: number;
}

export const honest: Mood = { slow: 0, lie: 0, lose: 0, busy: 0 };

export interface LyingProxy {
  readonly url: string;
  mood: Mood;
  /** How many answers it has falsified, lost or refused. */
  readonly misled: number;
  /** How many tokens were issued through it, whatever became of the answer. */
  readonly issued: number;
  close(): Promise<void>;
}

export async function startLyingProxy(target: () => string, chance: () => number): Promise<LyingProxy> {
  const agent = new Agent({ keepAlive: true });
  const open = new Set<Socket>();
  let misled = 0;
  let issued = 0;
  const refuse = (response: ServerResponse, status: number, fields: Record<string, string> = {}): void => {
    misled += 1;
    response.writeHead(status, { "content-type": "application/json", ...fields }).end('{"detail":"not now"}');
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { mood } = proxy;
    const body = await whole(request);
    if (mood.slow > 0) await sleep(chance() * mood.slow);
    if (chance() < mood.busy) return refuse(response, 429, { "retry-after": "1" });
    const answer = await forward(new URL(request.url ?? "/", target()), { request, body, agent });
    if (answer === null) return refuse(response, 502);
    // From here on the request has had its effect.
    if (request.method === "POST" && request.url?.startsWith("/api/user-tokens") === true && answer.status === 200) issued += 1;
    if (chance() < mood.lie) return refuse(response, chance() < 0.5 ? 500 : 504);
    if (chance() < mood.lose) {
      misled += 1;
      response.socket?.destroy();
      return;
    }
    response.writeHead(answer.status, answer.headers).end(answer.body);
  };
  const server = createServer((request, response) => {
    response.on("error", () => undefined);
    handle(request, response).catch(() => response.socket?.destroy());
  });
  server.on("connection", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: LyingProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mood: honest,
    get misled() {
      return misled;
    },
    get issued() {
      return issued;
    },
    close() {
      agent.destroy();
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return proxy;
}

async function whole(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

interface Forwarded {
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly body: Buffer;
}

/** null: nobody there. */
function forward(url: URL, { request, body, agent }: { request: IncomingMessage; body: Buffer; agent: Agent }): Promise<Forwarded | null> {
  return new Promise((resolve) => {
    const headers = { ...request.headers, host: url.host, "content-length": String(body.length) };
    delete (headers as Record<string, unknown>)["transfer-encoding"];
    const sent = send(url, { method: request.method, headers, agent }, (answer) => {
      whole(answer).then(
        (text) => {
          const kept = Object.fromEntries(Object.entries(answer.headers).filter(([name, value]) => value !== undefined && !["transfer-encoding", "connection", "keep-alive"].includes(name)));
          resolve({ status: answer.statusCode ?? 502, headers: kept as Forwarded["headers"], body: text });
        },
        () => resolve(null),
      );
    });
    sent.on("error", () => resolve(null));
    sent.end(body);
  });
}
