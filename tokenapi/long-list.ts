// A long token list, read a piece at a time, so that the event loop goes on in between: ten thousand tokens read in one
// go hold it up for a tenth of a second. Decides where a piece ends; what stands in it is decode.ts, which also has the
// last word: whatever looks odd here is read there in one go, and complained of there.
import { setImmediate as turn } from "node:timers/promises";
import type { Remote } from "../core/observed.ts";
import { decodeTokens } from "./decode.ts";

/** Characters; some two hundred tokens. */
const PIECE = 65_536;

export async function readTokens(body: string): Promise<readonly Remote[]> {
  if (body.length <= 2 * PIECE) return decodeTokens(body);
  const tokens: Remote[] = [];
  try {
    for (const piece of pieces(body)) {
      for (const token of decodeTokens(piece)) tokens.push(token);
      await turn();
    }
    return tokens;
  } catch {
    return decodeTokens(body);
  }
}

/** The array in arrays of some of its elements each. Throws where it is no array of objects and nothing else. */
export function* pieces(text: string, least = PIECE): Generator<string> {
  const begin = /^\s*\[/.exec(text);
  if (!begin) throw new SyntaxError("no array");
  let from = begin[0].length;
  for (const end of ends(text, from)) {
    if (end - from < least) continue;
    // After an element comes a comma, and then another one; or the end.
    const rest = /\s*([,\]])/y;
    rest.lastIndex = end;
    if (rest.exec(text)?.[1] !== ",") continue;
    yield `[${text.slice(from, end)}]`;
    from = rest.lastIndex;
  }
  // With its own closing bracket, and whatever stands behind it.
  const last = `[${text.slice(from)}`;
  if (/^\[\s*\]/.test(last) && from > begin[0].length) throw new SyntaxError("a comma, and no element after it");
  yield last;
}

/** Where each object ends that is an element of the array that begins before `at`. */
function* ends(text: string, at: number): Generator<number> {
  const structure = /["[\]{}]/g;
  structure.lastIndex = at;
  let depth = 1;
  // Asked whether, and not what: a list has hundreds of thousands of these, and nothing is made for each.
  while (structure.test(text)) {
    const place = structure.lastIndex - 1;
    const mark = text[place];
    if (mark === '"') structure.lastIndex = endOfText(text, place);
    else depth += mark === "{" || mark === "[" ? 1 : -1;
    if (depth === 1 && mark === "}") yield place + 1;
    if (depth === 0) return;
  }
  throw new SyntaxError("no end");
}

/** Behind the quote that ends the text which begins at `quote`. */
function endOfText(text: string, quote: number): number {
  for (let end = text.indexOf('"', quote + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
  throw new SyntaxError("a text without an end");
}
