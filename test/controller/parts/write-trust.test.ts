// One dry run for all that begin together; what was refused is believed of nobody else.
import { expect, test } from "vitest";
import { WriteTrust } from "../../../controller/write-trust.ts";

interface Trial {
  readonly answer: PromiseWithResolvers<void>;
}

function trials(): { readonly begun: Trial[]; dryRun(): Promise<void> } {
  const begun: Trial[] = [];
  return {
    begun,
    dryRun() {
      const answer = Promise.withResolvers<void>();
      begun.push({ answer });
      return answer.promise;
    },
  };
}

test("those that begin together share one dry run, and its success is trusted for a minute", async () => {
  let now = 0;
  const trust = new WriteTrust(() => now);
  const { begun, dryRun } = trials();
  const all = Promise.all([1, 2, 3].map(() => trust.tried("data", "form", dryRun)));
  expect(begun).toHaveLength(1);
  begun[0]?.answer.resolve();
  await all;
  expect(begun).toHaveLength(1);
  expect([trust.trusts("data", "form"), trust.trusts("data", "other"), trust.trusts("elsewhere", "form")]).toEqual([true, false, false]);
  now = 60_000;
  expect(trust.trusts("data", "form")).toBe(false);
});

test("other forms and other namespaces are tried by themselves", () => {
  const trust = new WriteTrust(() => 0);
  const { begun, dryRun } = trials();
  for (const [namespace, form] of [["data", "form"], ["data", "other"], ["team", "form"]] as const) void trust.tried(namespace, form, dryRun);
  expect(begun).toHaveLength(3);
});

test("a refusal is each one's own: whoever waited tries for itself", async () => {
  const trust = new WriteTrust(() => 0);
  const { begun, dryRun } = trials();
  const [first, second] = [trust.tried("data", "form", dryRun), trust.tried("data", "form", dryRun)];
  begun[0]?.answer.reject(new Error("denied"));
  await expect(first).rejects.toThrow("denied");
  await expect.poll(() => begun.length).toBe(2);
  expect(trust.trusts("data", "form")).toBe(false);
  begun[1]?.answer.resolve();
  await second;
  expect(trust.trusts("data", "form")).toBe(true);
});
