// What the base of a token's name may not hold: what nobody sees in a list, and what makes a name look like another one.
// Patterns in the letters that JavaScript and the apiserver's CEL have in common.

/** Letter by letter: line breaks and control characters, and marks that turn the direction of writing. */
const UNSEEN = String.raw`\p{Cc}\p{Zl}\p{Zp}\u{61C}\u{200E}\u{200F}\u{202A}-\u{202E}\u{2066}-\u{2069}`;
const SPACE = String.raw`\p{Z}\u{FEFF}`;

interface Refusal {
  readonly pattern: string;
  readonly message: string;
}

const REFUSED: readonly Refusal[] = [
  { pattern: `[${UNSEEN}]`, message: "tokenName is one line of plain text: leave out line breaks, control characters and marks of writing direction" },
  { pattern: `^[${SPACE}]|[${SPACE}]$`, message: "tokenName begins or ends with a space: leave it out" },
];

/** What is wrong with it, and what to write instead. */
export const baseProblems = (base: string): string[] => REFUSED.filter(({ pattern }) => new RegExp(pattern, "u").test(base)).map(({ message }) => message);

/** The same for admission: RE2 writes the number of a character its own way. */
export const baseRules = REFUSED.map(({ pattern, message }) => ({ rule: `!self.matches(r'${pattern.replaceAll(String.raw`\u{`, String.raw`\x{`)}')`, message }));
