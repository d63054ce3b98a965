// "Did you mean": the word of a list that is closest to a mistyped one.

/** How many letters have to be put in, left out, changed or swapped with their neighbour. */
function distance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const cost = from[i - 1] === to[j - 1] ? 0 : 1;
      let best = Math.min((rows[i - 1]?.[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (rows[i - 1]?.[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) best = Math.min(best, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[from.length]?.[to.length] ?? 0;
}

const plain = (word: string): string => word.toLowerCase().replace(/[^a-z0-9]/g, "");

/** The nearest word, or null where none is near: one that begins alike counts as near. */
export function nearest(word: string, words: readonly string[]): string | null {
  const wanted = plain(word);
  if (wanted === "") return null;
  const ranked = words
    .map((candidate) => {
      const other = plain(candidate);
      const alike = other.startsWith(wanted) || wanted.startsWith(other);
      return { candidate, rank: alike ? 1 : distance(wanted, other), limit: alike ? 1 : Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3)) };
    })
    .filter(({ rank, limit }) => rank <= limit)
    .sort((a, b) => a.rank - b.rank);
  return ranked[0]?.candidate ?? null;
}
