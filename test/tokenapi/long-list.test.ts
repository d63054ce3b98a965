// A long list is read and taken in a piece at a time: the same as in one go, with the event loop going on in between,
// and with our own writes that come meanwhile.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TokenApi } from "../../tokenapi/api.ts";
import { decodeTokens } from "../../tokenapi/decode.ts";
import { pieces, readTokens } from "../../tokenapi/long-list.ts";
import { Snapshot } from "../../tokenapi/snapshot.ts";

const raw = (id: number): object => ({
  id,
  created: "2026-01-15T10:30:00Z",
  name: `a "quoted\\" name, [${id}] {}-3b9k2m-7q0x5c1dh-r${id}`,
  active: true,
  expiration: null,
  last_used: null,
  user: { id: 3, user_id: "data_ingest@service", teams: ["Public", { name: "[" }] },
});
const LONG = 3_000;
const long = (): object[] => Array.from({ length: LONG }, (_, index) => raw(index + 1));

/** How often the event loop came round while something was awaited. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let over = false;
  const count = (): void => {
    turns += 1;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  await work();
  over = true;
  return turns;
}

describe("a long token list", () => {
  it("comes apart into arrays that are together what it was", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 1, 3), fc.nat(60), (values, indent, least) => {
        const text = ` ${JSON.stringify(values, null, indent)}\n`;
        const parts = [...pieces(text, least)].flatMap((piece) => JSON.parse(piece) as unknown[]);
        expect(parts).toEqual(JSON.parse(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is no list where a character is missing or too much", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), fc.nat(), fc.constantFrom("", ",", "]", "}", '"', "["), (values, at, instead) => {
        const text = JSON.stringify(values);
        const place = at % text.length;
        const broken = text.slice(0, place) + instead + text.slice(place + 1);
        const whole = attempt(() => JSON.parse(broken) as unknown);
        const apart = attempt(() => [...pieces(broken, 1)].flatMap((piece) => JSON.parse(piece) as unknown[]));
        expect(apart).toEqual(Array.isArray(whole) ? whole : "refused");
      }),
      { numRuns: 5_000 },
    );
  });

  it("is read as in one go, and holds up nobody meanwhile", async () => {
    const body = JSON.stringify(long());
    expect(await readTokens(body)).toEqual(decodeTokens(body));
    expect(await turnsOf(() => readTokens(body))).toBeGreaterThan(5);
  });

  it("is complained of as in one go: the place of the wrong field, and not what stands there", async () => {
    const tokens = long();
    tokens[2_345] = { ...tokens[2_345], id: "secret" };
    await expect(readTokens(JSON.stringify(tokens))).rejects.toThrow("/2345/id must be integer");
    await expect(readTokens(JSON.stringify(tokens).slice(0, -1))).rejects.toThrow("it is no JSON");
  });

  it("is taken in with what was written while it was read", async () => {
    const remotes = decodeTokens(JSON.stringify(long()));
    let time = 0;
    const clock = { now: () => (time += 1), monotonic: () => (time += 1) };
    const snapshot = new Snapshot({ tokens: () => Promise.resolve(remotes) } as unknown as TokenApi, "service", { clock } as never);
    const [first] = remotes;
    const refreshed = snapshot.refresh(0);
    const turns = await turnsOf(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      if (first) snapshot.put({ ...first, active: false });
      snapshot.remove(2);
      await refreshed;
    });
    expect(turns).toBeGreaterThan(2);
    expect(snapshot.size).toBe(LONG - 1);
    const view = snapshot.view("3b9k2m-7q0x5c1dh", []);
    const seen = view.is === "present" ? new Map(view.value.tokens.map((token) => [token.id, token.active])) : new Map<number, boolean>();
    expect([seen.get(1), seen.has(2), seen.get(3), seen.size]).toEqual([false, false, true, LONG - 1]);
  });
});

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch {
    return "refused";
  }
}
