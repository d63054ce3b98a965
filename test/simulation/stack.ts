// The stack of a Pulumi program: somebody runs `pulumi up` now and then, one at a time, for the stack is locked.
import { HOUR, MINUTE } from "../../core/duration.ts";
import { Up } from "./up.ts";
import type { World } from "./world.ts";

export class Stack {
  readonly #world: World;
  #up: Up | null = null;
  #count = 0;
  #wentWell = true;
  #next: number | null = null;
  #restsUntil = 0;

  constructor(world: World) {
    this.#world = world;
    this.soon(MINUTE);
  }

  /** Nobody edits the state while an up runs. */
  get locked(): boolean {
    return this.#up !== null;
  }

  /** Somebody runs an up within so long. */
  soon(within: number): void {
    this.#plan(this.#world.random.span(50, Math.max(within, MINUTE)));
  }

  /** Nobody runs one until then. */
  rest(until: number): void {
    this.#restsUntil = until;
    this.#next = null;
    this.soon(MINUTE);
  }

  #plan(soonest: number): void {
    const { time } = this.#world;
    const delay = Math.max(soonest, this.#restsUntil - time.now);
    const at = time.now + delay;
    if (this.#next !== null && this.#next <= at) return;
    this.#next = at;
    time.in(delay, () => {
      if (this.#next !== at) return;
      this.#next = null;
      this.#begin();
    });
  }

  #begin(): void {
    const world = this.#world;
    if (this.#up) return this.soon(10 * MINUTE);
    // What an up could not bring to its end, the next one may have to issue again.
    if (!this.#wentWell) world.causes++;
    const up = new Up(world, `up${++this.#count}`, (well) => {
      this.#up = null;
      this.#wentWell = well;
      if (!well) world.coverage.meet("fault", "up-failed");
      this.#again();
    });
    this.#up = up;
    world.coverage.meet("fault", "up");
    up.begin();
  }

  #again(): void {
    const { random, faults, profile } = this.#world;
    this.#plan(faults ? random.span(MINUTE, Math.max(2 * MINUTE, profile.pause)) : random.span(20 * MINUTE, this.#most()));
  }

  /** In peace somebody runs one at least twice in the time that a renewal has, which is what the engine asks for. */
  #most(): number {
    const { renewBefore, days } = this.#world.object?.spec ?? { renewBefore: HOUR, days: null };
    return days === null ? 4 * HOUR : Math.min(4 * HOUR, Math.max(20 * MINUTE, renewBefore / 2 - 10 * MINUTE));
  }

  /** Whoever runs it presses Ctrl-C twice. */
  interrupt(): void {
    this.#up?.die("by order");
  }
}
