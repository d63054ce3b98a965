// The SDK notes with every resource the whole call stack of its constructor, and the engine keeps all of it in the
// state: some hundred bytes of Node's and the SDK's own frames. While a resource of ours is constructed, a stack ends
// with the line of the program that asked for it. And it notes one with each of its promises, dozens for a token, each
// looked up in source maps, in case that promise is never settled: they all lead to that line, which is looked up once.

/** Down to the line of the program: four frames of the SDK, our constructor, and that line. */
const FRAMES = 6;

type Prepare = NonNullable<ErrorConstructor["prepareStackTrace"]>;

const usual: Prepare = (error, frames) => `${String(error)}${frames.map((frame) => `\n    at ${String(frame)}`).join("")}`;

/** The SDK's function that notes a stack with a promise. An SDK that calls it otherwise loses time, and nothing else. */
const ofPromise = (frames: readonly NodeJS.CallSite[]): boolean => frames[0]?.getFunctionName() === "debuggablePromise";

/** From now on; returns what ends it. */
export function shortTrace(): () => void {
  const before = Error.prepareStackTrace;
  const prepare = before ?? usual;
  let noted: unknown = null;
  Error.prepareStackTrace = (error, frames) => {
    if (!ofPromise(frames)) return prepare(error, frames.slice(0, FRAMES)) as unknown;
    return (noted ??= prepare(error, frames) as unknown);
  };
  return () => {
    // Assigned anew, and not deleted: a property that was never there reads the same.
    Error.prepareStackTrace = before as Prepare;
  };
}
