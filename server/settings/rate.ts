// How a rate is written: so many a second, and so many at once.

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export const ratePattern = "^(off|[1-9][0-9]{0,8}(:[1-9][0-9]{0,8})?)$";

/** "50:250", "50" (five seconds' worth at once), or "off": undefined. */
export function parseRate(text: string): Rate | undefined {
  if (text === "off") return undefined;
  const [perSecond = 1, burst = perSecond * 5] = text.split(":").map(Number);
  return { perSecond, burst };
}
