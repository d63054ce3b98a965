// SIGKILL after every write that creates, changes and deletes make, of the provider's process and of everything. After the
// next up all is as it should be. Other misfortunes: mishaps.test.ts.
import { expect, test } from "vitest";
import { sharedStack, UP } from "../support/pulumi/struck-stack.ts";
import { assassin } from "../support/pulumi/world.ts";

/** Whatever changes something at the API. */
const WRITE = /^(POST|PUT|DELETE) \/api\/user-tokens/;

const shared = sharedStack();

const ROUNDS = 9;

/**
 * At once: one token is created, one rotates, one has leaked, those of the round before are deleted; killed after the nth
 * write, every second time the provider alone. The first writes are POSTs and revocations, the later ones what tidies up
 * after them and what deletes.
 */
test.each(Array.from({ length: ROUNDS }, (_, index) => [index + 1, index % 2 === 0 ? "provider" : "everything"] as const))("killed after write %i of an update that creates, rotates, revokes and deletes: %s", async (nth, victim) => {
  const [turns, leaks, made] = [`turns${nth}`, `leaks${nth}`, `made${nth}`];
  const stack = await shared();
  const { workspace, wire, use } = stack.world;
  await stack.begin("stays", turns, leaks);
  const before = await workspace.outputs();
  const declared = { stays: {}, [turns]: { trigger: 1 }, [leaks]: { compromised: 1 }, [made]: {} };
  stack.declare(declared);
  const death = assassin();
  wire.lose(WRITE, death[victim], nth);
  const killed = await workspace.doomed(UP, death.onStart);
  expect(wire.isLosing(), killed.text).toBe(false);
  expect(killed.code, killed.text).not.toBe(0);
  if (victim === "everything") await workspace.pulumi(["cancel", "--yes"]);
  // What consumers hold is as good as before.
  for (const name of ["stays", turns]) expect(await use(before[name] ?? ""), name).toBe(200);
  // And what the next round begins with.
  const next = nth === ROUNDS ? {} : { [`turns${nth + 1}`]: {}, [`leaks${nth + 1}`]: {} };
  stack.declare({ ...declared, ...next });
  await stack.mends(Object.keys({ ...declared, ...next }));
});
