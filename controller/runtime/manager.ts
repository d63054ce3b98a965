// The life of one process: what starts after what, and how it ends in order. Must not
// know what its parts do.
//
//   start:  reflectors -> caches complete -> (leadership) -> controllers
//   stop:   nothing more is begun -> what is under way ends (25 s) -> events -> lease ->
//           watches -> connections
//
// A standby keeps its caches warm: it begins to work the moment it leads.
import type { Controller } from "./controller.ts";
import type { EventRecorder } from "./events.ts";
import type { LeaderElector } from "./leader-election.ts";
import { silentLogger } from "./logger.ts";
import type { Logger } from "./logger.ts";
import type { Stored } from "./object.ts";
import type { Reflector } from "./reflector.ts";
import type { RestClient } from "./rest.ts";

/** A reflector of any record. */
type AnyReflector = Pick<Reflector<Stored>, "start" | "stop" | "synced" | "hasSynced">;

export interface ManagerOptions {
  client: RestClient;
  reflectors: readonly AnyReflector[];
  controllers: readonly Controller[];
  /** Builds the elector with the manager's callbacks; without one this process just leads. */
  elector?: (callbacks: { onStarted: () => void; onLost: () => void }) => LeaderElector;
  events?: EventRecorder;
  /** Runs once, when caches are complete and this process leads, before any key is worked on. */
  onLeading?: () => Promise<void> | void;
  /** Leadership was lost: work has been stopped, and the process should exit. */
  onLost?: () => void;
  syncTimeoutMs?: number;
  drainMs?: number;
  log?: Logger;
}

export class Manager {
  readonly #options: ManagerOptions;
  readonly #log: Logger;
  readonly #elector: LeaderElector | undefined;
  #stopping: Promise<boolean> | undefined;

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLogger;
    this.#elector = options.elector?.({ onStarted: () => void this.#lead(), onLost: () => this.#lost() });
  }

  /** Resolves when the caches are complete. Rejects when they are not in time: RBAC or a missing CRD. */
  async start(): Promise<void> {
    const { reflectors, syncTimeoutMs = 120_000 } = this.#options;
    for (const reflector of reflectors) reflector.start();
    const synced = await Promise.all(reflectors.map((reflector) => reflector.synced(syncTimeoutMs)));
    if (this.#stopping !== undefined) return;
    if (synced.includes(false)) throw new Error("the caches did not fill in time: is the CRD installed, and may this account list and watch it?");
    if (this.#elector === undefined) await this.#lead();
    else this.#elector.start();
  }

  ready(): boolean {
    return this.#stopping === undefined && this.#options.reflectors.every((reflector) => reflector.hasSynced());
  }

  /** To be asked before each write. */
  stillLeading(): boolean {
    return this.#elector === undefined || this.#elector.stillLeading();
  }

  /** Ends everything in order. False: some work was still under way when its time was over. */
  stop(): Promise<boolean> {
    this.#stopping ??= this.#shutDown();
    return this.#stopping;
  }

  async #lead(): Promise<void> {
    try {
      await this.#options.onLeading?.();
    } catch (error) {
      this.#log.error({ error: error instanceof Error ? error.message : "a thrown value" }, "Start of leadership failed");
      this.#lost();
      return;
    }
    if (this.#stopping !== undefined) return;
    for (const controller of this.#options.controllers) controller.start();
  }

  #lost(): void {
    if (this.#stopping !== undefined) return;
    for (const controller of this.#options.controllers) controller.queue.shutDown();
    this.#options.onLost?.();
  }

  async #shutDown(): Promise<boolean> {
    const { controllers, events, reflectors, client, drainMs = 25_000 } = this.#options;
    const drained = await Promise.all(controllers.map((controller) => controller.stop(drainMs)));
    await events?.stop(1_000);
    await this.#elector?.stop();
    await Promise.all(reflectors.map((reflector) => reflector.stop()));
    await client.close();
    return !drained.includes(false);
  }
}
