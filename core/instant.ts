// Points in time: milliseconds since 1970 inside, RFC 3339 UTC to the second outside.

/** "2026-01-15T10:30:00Z". */
export function formatInstant(milliseconds: number): string {
  return `${new Date(Math.floor(milliseconds / 1_000) * 1_000).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds of an RFC 3339 text with any fraction and offset, or null when it is none. */
export function parseInstant(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)$/.test(text)) return null;
  const value = Date.parse(text);
  return Number.isNaN(value) ? null : value;
}
