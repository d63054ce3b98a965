// The port that Prometheus reads. Decides that metrics have an address of their own,
// since whoever may use the API need not see them.
import { type Server, createServer } from "node:http";
import type { Registry } from "prom-client";
import { type ListenAddress, parseListenAddress, urlOf } from "./listen-address.ts";
import { StartError, reasonOf } from "./start-error.ts";

export interface MetricsListener {
  readonly url: string;
  close(): Promise<void>;
}

export async function listenForMetrics(text: string, registry: Registry): Promise<MetricsListener> {
  const address = parseListenAddress(text);
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (body) => response.writeHead(200, { "content-type": registry.contentType }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  const port = await listen(server, address);
  return { url: `${urlOf({ ...address, port })}/metrics`, close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()) };
}

function listen(server: Server, address: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new StartError("listen-unusable", `Cannot serve metrics on ${address.host}:${address.port}: free the address or give another one with --metrics (${reasonOf(cause)}).`, cause)),
    );
    server.listen(address.port, address.host, () => {
      const bound = server.address();
      resolve(bound === null || typeof bound === "string" ? address.port : bound.port);
    });
  });
}
