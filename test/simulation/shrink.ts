// Cuts a history that breaks a law to a short one that breaks the same law: what the person did, and what went wrong,
// is left out piece by piece, for as long as the law still breaks.
import { Coverage } from "./coverage.ts";
import { live, UNCUT, type Cut } from "./history.ts";

export interface Shrunk {
  readonly story: readonly string[];
  readonly acts: number;
  readonly mishaps: number;
}

type Part = keyof Cut;

const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
const size = (cut: Cut): number => cut.acts.size + cut.mishaps.size;

function without(cut: Cut, part: Part, places: readonly number[]): Cut {
  return { ...cut, [part]: new Set([...cut[part], ...places]) };
}

export async function shrink(seed: number, law: string): Promise<Shrunk> {
  const breaks = async (cut: Cut): Promise<boolean> => (await live(seed, new Coverage(), false, cut)).breach?.law === law;
  let cut = UNCUT;
  const attempt = async (part: Part, places: readonly number[]): Promise<void> => {
    const fresh = places.filter((place) => !cut[part].has(place));
    if (fresh.length === 0) return;
    const candidate = without(cut, part, fresh);
    if (await breaks(candidate)) cut = candidate;
  };
  for (let before = -1; before !== size(cut); ) {
    before = size(cut);
    const { acts, mishaps } = await live(seed, new Coverage(), false, cut);
    // Large pieces first, then one by one.
    for (let length = Math.max(acts, mishaps); length >= 1; length = Math.floor(length / 2)) {
      for (let at = 0; at < mishaps; at += length) await attempt("mishaps", range(at, Math.min(at + length, mishaps)));
      for (let at = 1; at <= acts; at += length) await attempt("acts", range(at, Math.min(at + length, acts + 1)));
    }
  }
  const { story, acts, mishaps } = await live(seed, new Coverage(), true, cut);
  const left = (part: Part, places: readonly number[]): number => places.filter((place) => !cut[part].has(place)).length;
  return { story, acts: left("acts", range(1, acts + 1)), mishaps: left("mishaps", range(0, mishaps)) };
}
