// What a person may ask for: drawn so that its dates are met within a history.
import { DAY, HOUR, MINUTE, SECOND } from "../../core/duration.ts";
import type { Random } from "./random.ts";
import { DAILY, HOURLY, WORKLOADS, type Spec } from "./world.ts";

export function drawSpec(random: Random): Spec {
  const days = random.pick([1, 2, 30, null]);
  const minOverlap = random.pick([0, 2 * SECOND, HOUR]);
  const fast = random.chance(0.25);
  return {
    issuerRef: "a",
    base: "data-ingest",
    ownerName: "Data Ingest",
    days,
    scim: false,
    state: "Active",
    renewBefore: days === 1 && fast ? DAY - 10 * MINUTE : Math.floor(((days ?? 90) * DAY) / 3),
    every: days === null ? random.pick([null, 2 * DAY]) : null,
    verify: random.chance(0.7),
    retire: {
      when: random.chance(0.7) ? "Unused" : "Deadline",
      minOverlap,
      idleFor: random.pick([2 * SECOND, HOUR, DAY]),
      maxOverlap: Math.max(minOverlap, random.pick([10 * SECOND, 2 * HOUR, fast ? HOUR : 3 * DAY])),
    },
    keepRevokedFor: random.pick([0, 5 * SECOND, 2 * HOUR, fast ? HOUR : 2 * DAY]),
    windows: random.pick([[], [], [], [], HOURLY, DAILY]),
    restart: random.chance(0.3) ? WORKLOADS : [],
    onExternalChange: random.pick(["Reissue", "Reissue", "Restore", "Report"]),
    deletionPolicy: random.pick(["Delete", "Delete", "Revoke", "Orphan"]),
    rotate: "",
    compromised: null,
    rollback: null,
    paused: false,
    abandon: false,
    look: "look-1",
  };
}
