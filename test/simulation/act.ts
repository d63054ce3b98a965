// What an act of the outside is, and the forms that most acts take. Each says what it did, and how many tokens it gives cause for.
import { HOUR, MINUTE } from "../../core/duration.ts";
import { recordOf } from "./truth.ts";
import type { Token } from "./ledger.ts";
import type { World } from "./world.ts";

export interface Act {
  readonly name: string;
  readonly weight: number;
  readonly run: (world: World) => void;
}

/** Runs on the object if there is one; counts as cause for so many tokens. */
export const edit = (name: string, weight: number, change: (spec: NonNullable<World["object"]>["spec"], world: World) => void, causes = 1): Act => ({
  name,
  weight,
  run(world) {
    if (!world.object || world.object.deleting) return;
    change(world.object.spec, world);
    world.causes += causes;
    world.outside(500);
  },
});

export function touchSecret(world: World): void {
  world.touch();
  world.causes += 2;
}

export function anyToken(world: World): Token | null {
  const tokens = [...world.ledger.tokens.values()].filter(({ by }) => by !== "stranger");
  return tokens.length === 0 ? null : world.random.pick(tokens);
}

export function anyRevision(world: World): number {
  const numbers = (recordOf(world)?.revisions ?? []).map(({ number }) => number);
  return numbers.length > 0 && world.random.chance(0.9) ? world.random.pick(numbers) : 1 + world.random.int(4);
}

export const outside = (name: string, weight: number, run: (token: Token, world: World) => void): Act => ({
  name,
  weight,
  run(world) {
    const token = anyToken(world);
    if (!token) return;
    world.tell(() => `  it is r${token.number}`);
    run(token, world);
    world.causes += 2;
    world.outside(MINUTE);
  },
});

/** For a while something about the issuer is other than it was. */
export const aWhile = (name: string, weight: number, begin: (world: World) => void, end: (world: World) => void): Act => ({
  name,
  weight,
  run(world) {
    begin(world);
    world.causes += 2;
    world.outside(MINUTE);
    world.time.in(world.random.span(1_000, 3 * HOUR), () => {
      end(world);
      world.causes++;
      world.outside(MINUTE);
    });
  },
});

