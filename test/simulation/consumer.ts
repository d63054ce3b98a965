// A workload that reads the delivered value, keeps it for a while, and authenticates with it.
import { HOUR } from "../../core/duration.ts";
import type { World } from "./world.ts";

export class Consumer {
  readonly #world: World;
  readonly #sticky: number;
  #value: string | null = null;

  constructor(world: World) {
    this.#world = world;
    this.#sticky = world.random.pick([0, 0.5, 0.95]);
    this.#next();
  }

  #next(): void {
    const { time, random, faults } = this.#world;
    time.in(random.span(faults ? 1_000 : 10_000, faults ? 12 * HOUR : 6 * HOUR), () => this.#use());
  }

  #use(): void {
    const { secret, random, ledger, faults, time } = this.#world;
    if (this.#value === null || !faults || !random.chance(this.#sticky)) this.#value = secret.current?.value ?? this.#value;
    if (this.#value !== null) {
      const before = ledger.ofValue(this.#value);
      const first = before?.uses.length === 0;
      const used = ledger.use(this.#value);
      if (used) used.uses.push(time.now);
      else this.#value = secret.current?.value ?? null;
      if (used && first && !this.#world.stack) this.#world.outside(60_000);
    }
    this.#next();
  }
}
