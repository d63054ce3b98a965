// The rotation block as the state repeats it: whatever a block may hold comes back as it was.
import fc from "fast-check";
import { expect, test } from "vitest";
import { serviceTokenFields } from "../../core/schema.ts";
import { packRotation, unpackRotation } from "../../provider/rotation-line.ts";
import { telling } from "../../provider/telling.ts";

const full = {
  renewBefore: "720h",
  every: "1440h",
  verify: false,
  retire: { when: "Deadline", minOverlap: "2h", idleFor: "48h", maxOverlap: "240h" },
  keepRevokedFor: "336h",
  windows: [{ cron: "0 2 * * 1,3-5", duration: "4h", timeZone: "Europe/Zurich" }, { cron: "0 3 * * 6", duration: "1h" }],
};

test("a full block is one short line", () => {
  expect(packRotation(full)).toBe("720h 1440h 336h n Deadline 2h 48h 240h|0 2 * * 1,3-5,4h,Europe/Zurich|0 3 * * 6,1h,-");
  expect(unpackRotation(packRotation(full))).toEqual(full);
});

test("a field that the line knows nothing of would be lost: all fields of the schema are in it", () => {
  const { properties = {} } = serviceTokenFields["rotation"] ?? {};
  expect(Object.keys(properties).sort()).toEqual(Object.keys(full).sort());
  expect(Object.keys(properties["retire"]?.properties ?? {}).sort()).toEqual(Object.keys(full.retire).sort());
  expect(Object.keys(properties["windows"]?.items?.properties ?? {}).sort()).toEqual(Object.keys(full.windows[0] ?? {}).sort());
});

test.each([
  ["nothing", undefined],
  ["an older version's object", full],
  ["another kind of value", 3],
])("%s is read as it is", (_, written) => {
  expect(unpackRotation(written)).toEqual(written);
});

const text = fc.oneof(fc.constantFrom("1h", "-", "", "a b", "|", "%", "=", ",", "1h,2h"), fc.string());
const block = fc.record(
  {
    renewBefore: text,
    every: text,
    verify: fc.boolean(),
    keepRevokedFor: text,
    retire: fc.record({ when: text, minOverlap: text, idleFor: text, maxOverlap: text }, { requiredKeys: [] }),
    windows: fc.array(fc.record({ cron: text, duration: text, timeZone: text }, { requiredKeys: ["cron", "duration"] }), { maxLength: 3 }),
    unheardOf: text,
  },
  { requiredKeys: [] },
);

test("any block comes back, whatever stands in it", () => {
  fc.assert(
    fc.property(block, (rotation) => {
      expect(unpackRotation(packRotation(rotation))).toEqual(rotation);
    }),
    { numRuns: 2_000 },
  );
});

test("what telling() leaves of a block has a line", () => {
  const usual = telling({ ...full, retire: { ...full.retire, when: "Unused", maxOverlap: "168h" } }, serviceTokenFields["rotation"]);
  expect(packRotation(usual)).toBe("720h 1440h 336h n - 2h 48h|0 2 * * 1,3-5,4h,Europe/Zurich|0 3 * * 6,1h,-");
});
