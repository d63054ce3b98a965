// The SDK notes with every resource where the program constructed it, twice: the line, and the whole call stack. The
// engine keeps both in the state, a hundred bytes and more, writes them anew at every step, and shows them nowhere; a
// resource's name says as much. While a resource of ours is constructed, that look at the stack finds nothing. And the
// SDK notes one with each of its promises, dozens for a token, each looked up in source maps, in case that promise is
// never settled: they all lead to one line, which is looked up once. Every other error keeps its way to the program's line.

/** Down to the line of the program: four frames of the SDK, our constructor, and that line. */
const FRAMES = 6;

type Prepare = NonNullable<ErrorConstructor["prepareStackTrace"]>;

const usual: Prepare = (error, frames) => `${String(error)}${frames.map((frame) => `\n    at ${String(frame)}`).join("")}`;

/** Who of the SDK looks at the stack. An SDK that calls them otherwise takes time and room, and nothing else. */
const asker = (frames: readonly NodeJS.CallSite[]): string | null => frames[0]?.getFunctionName() ?? null;
/** Notes a stack with a promise. */
const PROMISE = "debuggablePromise";
/** Looks for the line of the program. */
const POSITION = "callsites";

/** From now on; returns what ends it. */
export function shortTrace(): () => void {
  const before = Error.prepareStackTrace;
  const prepare = before ?? usual;
  let noted: unknown = null;
  Error.prepareStackTrace = (error, frames) => {
    const who = asker(frames);
    if (who === POSITION) return String(error);
    if (who !== PROMISE) return prepare(error, frames.slice(0, FRAMES)) as unknown;
    return (noted ??= prepare(error, frames) as unknown);
  };
  return () => {
    // Assigned anew, and not deleted: a property that was never there reads the same.
    Error.prepareStackTrace = before as Prepare;
  };
}
