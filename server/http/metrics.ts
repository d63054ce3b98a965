// What the service counts, for Prometheus. Decides names and labels, which never hold a
// token, a name or a path that somebody typed; must not know any rule.
import type { FastifyInstance } from "fastify";
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { AuditAction } from "../rules/audit-entry.ts";
import type { TokenCounts } from "../storage/token-table.ts";
import type { LimitKind } from "./rate-limits.ts";

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Histogram<"method" | "route" | "status">;
  readonly #limited: Counter<"limit">;
  readonly #changes: Counter<"action">;

  constructor(countTokens: () => Promise<TokenCounts>) {
    const registers = [this.registry];
    this.#requests = new Histogram({ name: "servicetokens_server_request_duration_seconds", help: "Time from request to answer", labelNames: ["method", "route", "status"], buckets: seconds, registers });
    this.#limited = new Counter({ name: "servicetokens_server_limited_total", help: "Requests refused by a rate limit", labelNames: ["limit"], registers });
    this.#changes = new Counter({ name: "servicetokens_server_changes_total", help: "Changes in the audit log, of this process", labelNames: ["action"], registers });
    this.#gauge("servicetokens_server_database_up", "1 while the database answers", countTokens);
  }

  /** Process and runtime; apart, because their collectors cost something for as long as they live. */
  withProcess(): this {
    collectDefaultMetrics({ register: this.registry });
    return this;
  }

  observe(app: FastifyInstance): void {
    app.addHook("onResponse", (request, reply, done) => {
      this.#requests.observe({ method: request.method, route: request.routeOptions.url ?? "unknown", status: String(reply.statusCode) }, reply.elapsedTime / 1_000);
      done();
    });
  }

  limited(limit: LimitKind): void {
    this.#limited.inc({ limit });
  }

  changed(action: AuditAction): void {
    this.#changes.inc({ action });
  }

  /** Both say what one look at the database found, in whatever order they are asked. */
  #gauge(name: string, help: string, countTokens: () => Promise<TokenCounts>): void {
    let looking: Promise<void> | undefined;
    const look = async (): Promise<void> => {
      try {
        for (const [state, count] of Object.entries(await countTokens())) tokens.set({ state }, count);
        up.set(1);
      } catch {
        tokens.reset();
        up.set(0);
      }
    };
    const collect = (): Promise<void> => (looking ??= look().finally(() => (looking = undefined)));
    const registers = [this.registry];
    const tokens = new Gauge({ name: "servicetokens_server_tokens", help: "Tokens by state", labelNames: ["state"], registers, collect });
    const up = new Gauge({ name, help, registers, collect });
  }
}
