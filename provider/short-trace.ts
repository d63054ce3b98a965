// The SDK notes with every resource the whole call stack of its constructor, and the engine keeps all of it in the
// state: some hundred bytes of Node's and the SDK's own frames. While a resource of ours is constructed, a stack ends
// with the line of the program that asked for it.

/** Down to the line of the program: four frames of the SDK, our constructor, and that line. */
const FRAMES = 6;

type Prepare = NonNullable<ErrorConstructor["prepareStackTrace"]>;

const usual: Prepare = (error, frames) => `${String(error)}${frames.map((frame) => `\n    at ${String(frame)}`).join("")}`;

/** From now on; returns what ends it. */
export function shortTrace(): () => void {
  const before = Error.prepareStackTrace;
  const prepare = before ?? usual;
  Error.prepareStackTrace = (error, frames) => prepare(error, frames.slice(0, FRAMES));
  return () => {
    // Assigned anew, and not deleted: a property that was never there reads the same.
    Error.prepareStackTrace = before as Prepare;
  };
}
