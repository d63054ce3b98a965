// /metrics, /healthz and /readyz. Decides only how answers look; must not know what
// the checks check. A check returns undefined when it is well, else what is wrong.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

// Not imported: an import of node:http reads all of its exports, and one of them loads the library of fetch.
const { createServer } = process.getBuiltinModule("node:http");

export type Check = () => string | undefined;

export interface HttpServerOptions {
  host: string;
  port: number;
  metrics?: () => Promise<string>;
  /** Is the process stuck? A failing one is restarted by the kubelet. */
  health?: Record<string, Check>;
  /** May it get work? */
  ready?: Record<string, Check>;
}

export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => void this.#answer(request, response));
  }

  /** The port, which is a free one where 0 was asked for. */
  start(): Promise<number> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8");
    response.setHeader("cache-control", "no-store");
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    const { status, text } = await this.#page(new URL(request.url ?? "/", "http://localhost").pathname);
    response.writeHead(status).end(text);
  }

  async #page(path: string): Promise<{ status: number; text: string }> {
    const { metrics, health = {}, ready = {} } = this.#options;
    if (path === "/healthz") return report(health);
    if (path === "/readyz") return report(ready);
    if (path !== "/metrics" || metrics === undefined) return { status: 404, text: "not found\n" };
    try {
      return { status: 200, text: await metrics() };
    } catch {
      return { status: 500, text: "metrics could not be collected\n" };
    }
  }
}

function report(checks: Record<string, Check>): { status: number; text: string } {
  const lines: string[] = [];
  let failed = false;
  for (const [name, check] of Object.entries(checks)) {
    const problem = outcome(check);
    failed ||= problem !== undefined;
    lines.push(problem === undefined ? `[+] ${name} ok` : `[-] ${name} failed: ${problem}`);
  }
  return { status: failed ? 503 : 200, text: `${[...lines, failed ? "failed" : "ok"].join("\n")}\n` };
}

function outcome(check: Check): string | undefined {
  try {
    return check();
  } catch {
    return "the check threw";
  }
}
