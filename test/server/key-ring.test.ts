// When the keys are read again: strangers cannot make a service read them as often as they like.
import { expect, it, vi } from "vitest";
import { openKeyRing } from "../../server/credential/key-ring.ts";

it("reads again for an unknown signature, at most once a second", async () => {
  let now = 1_000_000;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  try {
    let reads = 0;
    const ring = await openKeyRing({ read: () => Promise.resolve([`a key that is long enough, number ${(reads += 1)}`]) });
    const first = ring.bearer.fingerprint();
    expect([await ring.refreshForStranger(), reads]).toEqual([false, 1]);
    now += 1_000;
    expect([await ring.refreshForStranger(), await ring.refreshForStranger(), reads]).toEqual([true, false, 2]);
    expect(ring.bearer.fingerprint()).not.toBe(first);
  } finally {
    clock.mockRestore();
  }
});
