// Tells people what happened, as Kubernetes Events, without ever being in the way of
// the work. Decides what is said once, what is counted and what is dropped; must not
// know what the events mean.
//
//  - `record` never waits and never throws. Events go out one at a time, at most
//    `perSecond`, and at most `queueLimit` wait; more are dropped and counted.
//  - The same event again within ten minutes becomes a series on the first one.
//  - One object has a budget (25, then one in five minutes), so a flapping object
//    cannot push out the others.
//  - Events of one burst (`burst.key`): the first ten of a window go out, the rest become one
//    event about all of them when the window closes.
import { isNotFound } from "./api-error.ts";
import { sleep, systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { EventMemory } from "./event-memory.ts";
import type { Remembered } from "./event-memory.ts";
import { errorFields, silentLogger } from "./logger.ts";
import type { Logger } from "./logger.ts";
import { microTime } from "./micro-time.ts";
import { events } from "./resource.ts";
import type { RestClient } from "./rest.ts";

export interface ObjectReference {
  apiVersion: string;
  kind: string;
  name: string;
  /** Left out for cluster-wide objects: their events live in `default`. */
  namespace?: string | undefined;
  uid?: string | undefined;
}

export interface EventInput {
  regarding: ObjectReference;
  type: "Normal" | "Warning";
  /** CamelCase, for machines. */
  reason: string;
  /** What was done or tried: CamelCase too. Default: the reason. */
  action?: string;
  note: string;
  /** Says what to write when many such events come at once. */
  burst?: { key: string; regarding: ObjectReference; note: (count: number) => string };
}

export interface EventRecorderOptions {
  client: RestClient;
  /** `example.com/controller`. */
  controller: string;
  /** The pod's name. */
  instance: string;
  perSecond?: number;
  queueLimit?: number;
  /** How many events of one burst go out singly, in a window of how long. */
  burstLimit?: number;
  burstWindowMs?: number;
  clock?: Clock;
  log?: Logger;
}

interface Burst {
  sent: number;
  held: number;
  last: EventInput;
}

const longestNote = 1024;
const timeoutMs = 10_000;

export class EventRecorder {
  /** For metrics: sent, joined to a series or a summary, dropped, refused by the server. */
  readonly totals = { sent: 0, aggregated: 0, dropped: 0, failed: 0 };
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #memory: EventMemory;
  readonly #bursts = new Map<string, Burst>();
  readonly #cancels = new Map<string, () => void>();
  readonly #stop = new AbortController();
  #queue: Remembered[] = [];
  #pump: Promise<void> | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLogger;
    this.#memory = new EventMemory(this.#clock);
  }

  record(input: EventInput): void {
    if (this.#stop.signal.aborted) return;
    if (input.burst !== undefined && this.#held(input, input.burst.key)) {
      this.totals.aggregated += 1;
      return;
    }
    this.#enqueue(input);
  }

  /** Sends what waits, for at most `timeoutMs`, and ends. */
  async stop(withinMs: number): Promise<void> {
    for (const key of [...this.#bursts.keys()]) this.#closeBurst(key);
    const cancel = this.#clock.after(withinMs, () => this.#stop.abort());
    await this.#pump;
    cancel();
    this.#stop.abort();
  }

  /** True if the event only counts towards its burst's summary. */
  #held(input: EventInput, key: string): boolean {
    let burst = this.#bursts.get(key);
    if (burst === undefined) {
      burst = { sent: 0, held: 0, last: input };
      this.#bursts.set(key, burst);
      this.#cancels.set(key, this.#clock.after(this.#options.burstWindowMs ?? 10_000, () => this.#closeBurst(key)));
    }
    burst.last = input;
    if (burst.sent < (this.#options.burstLimit ?? 10)) {
      burst.sent += 1;
      return false;
    }
    burst.held += 1;
    return true;
  }

  #closeBurst(key: string): void {
    const burst = this.#bursts.get(key);
    this.#cancels.get(key)?.();
    this.#cancels.delete(key);
    this.#bursts.delete(key);
    if (burst === undefined || burst.held === 0 || burst.last.burst === undefined) return;
    const { regarding, note } = burst.last.burst;
    const { type, reason, action } = burst.last;
    this.#enqueue({ regarding, type, reason, ...(action === undefined ? {} : { action }), note: note(burst.held) });
  }

  #enqueue(input: EventInput): void {
    const remembered = this.#memory.admit(input);
    if (remembered === undefined || this.#queue.length >= (this.#options.queueLimit ?? 1000)) {
      this.totals.dropped += 1;
      return;
    }
    if (remembered.count > 1) this.totals.aggregated += 1;
    // One that still waits carries the new count when its turn comes.
    if (remembered.waiting) return;
    remembered.waiting = true;
    this.#queue.push(remembered);
    this.#pump ??= this.#run();
  }

  async #run(): Promise<void> {
    const pauseMs = 1000 / (this.#options.perSecond ?? 10);
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const event = this.#queue.shift();
      if (event === undefined) {
        // Here and not when the promise settles: an event recorded in between would find a pump that runs no more.
        this.#pump = undefined;
        return;
      }
      const [sent] = await Promise.all([this.#send(event), sleep(this.#clock, pauseMs, signal)]);
      if (sent) this.totals.sent += 1;
      else this.totals.failed += 1;
    }
    this.totals.dropped += this.#queue.splice(0).length;
  }

  async #send(event: Remembered): Promise<boolean> {
    event.waiting = false;
    try {
      if (event.name === undefined) await this.#create(event);
      else await this.#count(event, event.name);
      return true;
    } catch (error) {
      // A series whose event has expired starts over with the next occurrence.
      if (isNotFound(error)) delete event.name;
      this.#log.debug({ reason: event.input.reason, ...errorFields(error) }, "Event could not be written");
      return false;
    }
  }

  async #create(event: Remembered): Promise<void> {
    const { regarding, type, reason, action, note } = event.input;
    const namespace = namespaceOf(event);
    // Cut where it may be cut: a name has no dash beside a dot, and no dot beside another.
    const prefix = regarding.name.slice(0, 200).replace(/[-.]+$/, "");
    const now = microTime(this.#clock.now());
    const body = {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: `${prefix}.${event.id}`, namespace },
      eventTime: now,
      reportingController: this.#options.controller,
      reportingInstance: this.#options.instance.slice(0, 128),
      type,
      reason: reason.slice(0, 128),
      action: (action ?? reason).slice(0, 128),
      note: note.slice(0, longestNote),
      regarding,
      ...(event.count > 1 ? { series: { count: event.count, lastObservedTime: now } } : {}),
    };
    await this.#options.client.create(events, { namespace }, body, { metadataOnly: true, timeoutMs, signal: this.#stop.signal });
    event.name = body.metadata.name;
  }

  async #count(event: Remembered, name: string): Promise<void> {
    const body = { series: { count: event.count, lastObservedTime: microTime(this.#clock.now()) } };
    await this.#options.client.patch(events, { namespace: namespaceOf(event), name }, body, { type: "merge", metadataOnly: true, timeoutMs, signal: this.#stop.signal });
  }
}

function namespaceOf(event: Remembered): string {
  return event.input.regarding.namespace ?? "default";
}
