// The pages for machines: /metrics, /healthz and /readyz, at the address that --metrics names.
import { LifecycleError } from "../core/error.ts";
import { HttpServer, type RuntimeMetrics } from "./runtime/index.ts";

/** Null: no address is named. */
export async function serve(options: { readonly metrics?: string }, metrics: RuntimeMetrics, isReady: () => boolean): Promise<HttpServer | null> {
  if (options.metrics === undefined) return null;
  const at = options.metrics.lastIndexOf(":");
  const host = options.metrics.slice(0, at) || "127.0.0.1";
  const port = Number(options.metrics.slice(at + 1));
  const server = new HttpServer({ host, port, metrics: () => metrics.text(), ready: { caches: () => (isReady() ? undefined : "caches are not complete") } });
  try {
    await server.start();
    return server;
  } catch (error) {
    throw new LifecycleError("terminal", "METRICS_ADDRESS", `--metrics ${options.metrics} cannot be listened on: ${error instanceof Error ? error.message : "failed"}. Name a free address, as in 127.0.0.1:9090.`);
  }
}
