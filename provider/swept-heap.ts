// For the SDK's process, which is large before its first call: it has loaded the TypeScript compiler, and the young
// generation has grown to its full size by that. What is left of it is given back once, before our own modules
// come, and the heap stays small from then on: a quarter of the process's peak, for a tenth of a second at its start. What
// else is served there allocates for one call as well, and loses nothing. Knows nothing of what is served.
import "./small-heap.ts";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--heap-growing-percent=15");
setFlagsFromString("--expose-gc");
// Whatever runs this may have no such thing: then its memory stays as it is.
const collect: unknown = runInNewContext("globalThis.gc");
// The one kind of collection that makes the young generation smaller.
if (typeof collect === "function") collect({ type: "major", execution: "sync", flavor: "last-resort" });
