// What the executor adds to an action of its own: a trial that came too late is not made, and a token's failures
// count on for the next one. The edges, the API and the place of delivery, are stood in for.
import { expect, it } from "vitest";
import type { Action } from "../../core/action.ts";
import { LifecycleError } from "../../core/error.ts";
import type { Remote } from "../../core/observed.ts";
import { SecretValue } from "../../core/secret-value.ts";
import type { TokenApi } from "../../tokenapi/api.ts";
import type { Clock } from "../../tokenapi/clock.ts";
import { execute, type Scene } from "../../tokenapi/execute.ts";
import { IssuerSession } from "../../tokenapi/issuer.ts";
import { blankMemory } from "../../tokenapi/memory.ts";
import type { Target } from "../../tokenapi/target.ts";
import { desired, entry, name, NOW, record, remote } from "../core/situations.ts";

interface Stage {
  readonly scene: Scene;
  /** Values that were tried. */
  readonly tried: string[];
  /** What the API says of the next trial. */
  answer: "good" | "refused";
  /** Milliseconds that reading the place takes. */
  slow: number;
}

async function stage(list: readonly Remote[] = []): Promise<Stage> {
  let now = 1_000;
  const clock: Clock = { now: () => NOW + now, monotonic: () => now, sleep: () => Promise.resolve() } as Clock;
  const tried: string[] = [];
  const made: Stage = { tried, answer: "good", slow: 0, scene: null as unknown as Scene };
  const api = {
    clockOffset: 0,
    me: () => Promise.resolve({ id: 1, name: "Admin" }),
    tokens: () => Promise.resolve(list),
    users: () => Promise.resolve([]),
    issue: ({ name: called }: { name: string }) => Promise.resolve({ token: { ...remote(2), name: called }, value: new SecretValue("value-2") }),
    verify: (value: SecretValue) => {
      tried.push(value.reveal());
      return Promise.resolve(made.answer === "good" ? { is: "good" } : { is: "refused", message: "401" });
    },
  } as unknown as TokenApi;
  const target = {
    known: () => null,
    value: () => {
      now += made.slow;
      return Promise.resolve(new SecretValue("value-1"));
    },
  } as unknown as Target;
  const issuer = await IssuerSession.open(api, { url: "https://q", clock });
  return Object.assign(made, { scene: { desired: desired(), issuer, target, memory: blankMemory() } });
}

const TRY: Action = { do: "Try", sha256: "sha-1", scim: false, within: 30_000 };
const issue = (number: number): Action => ({ do: "Issue", number, name: name(number), inputs: entry(number).inputs }) as Action;

it("tries the delivered value while its use can still be told from a consumer's", async () => {
  const made = await stage();
  made.slow = 30_000;
  await execute(TRY, made.scene);
  expect(made.tried).toEqual(["value-1"]);
});

it("does not try it any more when reading the place took longer than that", async () => {
  const made = await stage();
  made.slow = 30_001;
  await expect(execute(TRY, made.scene)).rejects.toThrow("reading the value took too long");
  expect(made.tried).toEqual([]);
});

it("counts the failures of a token that others cleared on for the next one, and not for another spec", async () => {
  const made = await stage();
  const { memory } = made.scene;
  made.answer = "refused";
  await execute(issue(2), made.scene);
  await expect(execute({ do: "Verify", number: 2 }, made.scene)).rejects.toThrow("does not authenticate yet");
  await execute({ do: "Drop", refused: null }, made.scene);
  await execute(issue(3), made.scene);
  expect(memory.hand?.failures).toBe(1);
  await execute({ do: "Drop", refused: null }, made.scene);
  await execute(issue(4), { ...made.scene, desired: desired({ days: 30 }) });
  expect(memory.hand?.failures).toBe(0);
});

it("begins anew once a token has authenticated, and once a person was told of the last one", async () => {
  const made = await stage();
  const { memory } = made.scene;
  made.answer = "refused";
  await execute(issue(2), made.scene);
  await expect(execute({ do: "Verify", number: 2 }, made.scene)).rejects.toThrow();
  await execute({ do: "Drop", refused: null }, made.scene);
  await execute(issue(3), made.scene);
  made.answer = "good";
  await execute({ do: "Verify", number: 3 }, made.scene);
  expect([memory.hand?.verified, memory.failed]).toEqual([true, null]);
  made.answer = "refused";
  await execute(issue(4), made.scene);
  await expect(execute({ do: "Verify", number: 4 }, made.scene)).rejects.toThrow();
  await execute({ do: "Drop", refused: "does not authenticate" }, made.scene);
  expect([memory.failed, memory.refused?.message]).toEqual([null, "does not authenticate"]);
});

it.each<[string, LifecycleError["kind"]]>([
  ["refused", "denied"],
  ["overtaken", "conflict"],
])("says of a delivery that was %s that it had no effect, and keeps the value", async (_, kind) => {
  const made = await stage();
  const { memory } = made.scene;
  await execute(issue(2), made.scene);
  const write = (): Promise<never> => Promise.reject(new LifecycleError(kind, "REFUSED", "no"));
  const scene = { ...made.scene, target: { ...made.scene.target, write, read: () => Promise.resolve(null) } as unknown as Target };
  expect(await execute({ do: "Deliver", record: record([entry(2)]) } as Action, scene)).toBe(false);
  expect([memory.hand?.number, memory.value?.reveal()]).toEqual([2, "value-2"]);
  const taken = { ...made.scene, target: { ...made.scene.target, write: () => Promise.resolve(null) } as unknown as Target };
  expect(await execute({ do: "Deliver", record: record([entry(2)]) } as Action, taken)).toBe(undefined);
  expect(memory.hand).toBe(null);
});
