// Prometheus metrics under the names of client-go and controller-runtime, so that
// existing dashboards and alerts fit. Decides names and buckets only. Counts are kept
// by the parts themselves and read when somebody scrapes; only durations cost on the way.
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Controller, ReconcileOutcome } from "./controller.ts";
import type { EventRecorder } from "./events.ts";
import type { RequestMeasurement } from "./transport.ts";

/** What is read from a queue at a scrape. */
interface Pull {
  collect: () => void;
}

const durationBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60];
const requestBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

export class RuntimeMetrics {
  readonly #clients: { readonly limit: number }[] = [];
  readonly registry: Registry;
  readonly #pulls: Pull[] = [];
  readonly #requests: Counter<"code" | "method" | "resource">;
  readonly #requestSeconds: Histogram<"verb">;
  readonly #leader: Gauge<"name">;
  readonly #queue: ReturnType<typeof queueMetrics>;
  readonly #controller: ReturnType<typeof controllerMetrics>;
  readonly #eventCounts: Counter<"result">;

  constructor(registry: Registry = new Registry()) {
    this.registry = registry;
    const registers = [registry];
    this.#requests = new Counter({ name: "rest_client_requests_total", help: "Requests to the apiserver.", labelNames: ["code", "method", "resource"], registers });
    this.#requestSeconds = new Histogram({ name: "rest_client_request_duration_seconds", help: "Time to the headers of the answer.", labelNames: ["verb"], buckets: requestBuckets, registers });
    this.#leader = new Gauge({ name: "leader_election_master_status", help: "1 while this process leads.", labelNames: ["name"], registers });
    this.#queue = queueMetrics(registry);
    this.#controller = controllerMetrics(registry);
    this.#eventCounts = new Counter({ name: "event_recorder_events_total", help: "Events by what became of them.", labelNames: ["result"], registers });
  }

  /** For `TransportOptions.onRequest`. */
  readonly onRequest = (measurement: RequestMeasurement): void => {
    const { code, verb, resource, seconds } = measurement;
    const which = `${code} ${verb} ${resource}`;
    let counted = this.#counted.get(which);
    if (!counted) {
      // A watch ends with its stream; its opening says little and would hide slow requests.
      counted = { count: this.#requests.labels({ code, method: verb, resource }), took: verb === "WATCH" ? null : this.#requestSeconds.labels({ verb }) };
      this.#counted.set(which, counted);
    }
    counted.count.inc();
    counted.took?.observe(seconds);
  };
  /** By code, verb and resource: to find a series by its labels costs more than to count. */
  readonly #counted = new Map<string, { readonly count: { inc(): void }; readonly took: { observe(seconds: number): void } | null }>();

  /** How much of it the apiserver takes just now, of several the least, and what this process takes of its machine. */
  client(client: { readonly limit: number }): void {
    this.#clients.push(client);
    if (this.#clients.length > 1) return;
    const registers = [this.registry];
    const limit = new Gauge({ name: "rest_client_in_flight_limit", help: "Requests that may be under way: fewer after the apiserver said 429.", registers });
    const cpu = new Counter({ name: "process_cpu_seconds_total", help: "User and system CPU time.", registers });
    const resident = new Gauge({ name: "process_resident_memory_bytes", help: "Resident memory.", registers });
    const started = new Gauge({ name: "process_start_time_seconds", help: "Start of the process since the epoch.", registers });
    started.set(Math.round(Date.now() / 1_000 - process.uptime()));
    const seconds = (): number => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    };
    this.#pulls.push({ collect: increments(seconds, (by) => cpu.inc(by)) });
    this.#pulls.push({ collect: () => (limit.set(Math.min(...this.#clients.map((each) => each.limit))), resident.set(process.memoryUsage.rss())) });
  }

  leader(name: string, leading: () => boolean): void {
    this.#pulls.push({ collect: () => this.#leader.set({ name }, leading() ? 1 : 0) });
  }

  events(recorder: EventRecorder): void {
    for (const result of ["sent", "aggregated", "dropped", "failed"] as const) {
      this.#pulls.push({ collect: increments(() => recorder.totals[result], (by) => this.#eventCounts.inc({ result }, by)) });
    }
  }

  /** A controller and its queue. */
  controller(controller: Controller): void {
    const { queue, name } = controller;
    const of = { name };
    const { queueSeconds, workSeconds, adds, retries, depth, unfinished, longest } = this.#queue;
    const waited = queueSeconds.labels(of);
    const worked = workSeconds.labels(of);
    queue.observe({ taken: (seconds) => waited.observe(seconds), finished: (seconds) => worked.observe(seconds) });
    this.#pulls.push(
      { collect: increments(() => queue.totals.adds, (by) => adds.inc(of, by)) },
      { collect: increments(() => queue.totals.retries, (by) => retries.inc(of, by)) },
      {
        collect: () => {
          const seconds = [...queue.workingSeconds()];
          depth.set(of, controller.depth);
          unfinished.set(of, seconds.reduce((sum, value) => sum + value, 0));
          longest.set(of, Math.max(0, ...seconds));
        },
      },
    );
    this.#reconciles(controller);
  }

  async text(): Promise<string> {
    for (const pull of this.#pulls) pull.collect();
    return this.registry.metrics();
  }

  #reconciles(controller: Controller): void {
    const { total, errors, terminal, seconds, active, limit } = this.#controller;
    const of = { controller: controller.name };
    const took = seconds.labels(of);
    const results = new Map<ReconcileOutcome, { inc(): void }>();
    for (const outcome of ["success", "requeue_after", "conflict", "error", "terminal"] as const) {
      results.set(outcome, total.labels({ ...of, result: outcome === "terminal" ? "error" : outcome }));
    }
    limit.set(of, controller.concurrency);
    // Zero is a value: an alert on an increase needs it.
    errors.inc(of, 0);
    terminal.inc(of, 0);
    controller.observe({
      reconciled(outcome, duration) {
        took.observe(duration);
        results.get(outcome)?.inc();
        if (outcome === "error" || outcome === "terminal") errors.inc(of);
        if (outcome === "terminal") terminal.inc(of);
      },
    });
    this.#pulls.push({ collect: () => active.set(of, controller.queue.processing) });
  }
}

/** Turns a running total that is kept elsewhere into increments of a counter. */
function increments(total: () => number, add: (by: number) => void): () => void {
  let last = 0;
  return () => {
    const now = total();
    add(now - last);
    last = now;
  };
}

function queueMetrics(registry: Registry) {
  const labelNames = ["name"] as const;
  const registers = [registry];
  return {
    depth: new Gauge({ name: "workqueue_depth", help: "Keys that wait for a worker.", labelNames, registers }),
    adds: new Counter({ name: "workqueue_adds_total", help: "Keys that became ready.", labelNames, registers }),
    retries: new Counter({ name: "workqueue_retries_total", help: "Retries after a failure.", labelNames, registers }),
    queueSeconds: new Histogram({ name: "workqueue_queue_duration_seconds", help: "Time from ready to taken.", labelNames, buckets: durationBuckets, registers }),
    workSeconds: new Histogram({ name: "workqueue_work_duration_seconds", help: "Time from taken to done.", labelNames, buckets: durationBuckets, registers }),
    unfinished: new Gauge({ name: "workqueue_unfinished_work_seconds", help: "Seconds that the keys in work have been so, summed.", labelNames, registers }),
    longest: new Gauge({ name: "workqueue_longest_running_processor_seconds", help: "Seconds that the oldest key in work has been so.", labelNames, registers }),
  };
}

function controllerMetrics(registry: Registry) {
  const labelNames = ["controller"] as const;
  const registers = [registry];
  return {
    total: new Counter({ name: "controller_runtime_reconcile_total", help: "Reconciles by result.", labelNames: ["controller", "result"] as const, registers }),
    errors: new Counter({ name: "controller_runtime_reconcile_errors_total", help: "Reconciles that failed.", labelNames, registers }),
    terminal: new Counter({ name: "controller_runtime_terminal_reconcile_errors_total", help: "Reconciles that failed and are not retried.", labelNames, registers }),
    seconds: new Histogram({ name: "controller_runtime_reconcile_time_seconds", help: "Length of a reconcile.", labelNames, buckets: durationBuckets, registers }),
    active: new Gauge({ name: "controller_runtime_active_workers", help: "Workers with a key.", labelNames, registers }),
    limit: new Gauge({ name: "controller_runtime_max_concurrent_reconciles", help: "Workers.", labelNames, registers }),
  };
}
