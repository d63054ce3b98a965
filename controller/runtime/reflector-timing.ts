// How long a reflector's watches last and how patient it is. Numbers only; those of client-go where it has them.

export interface ReflectorTiming {
  /** Each watch asks for a random length between the two. */
  shortestWatchSeconds: number;
  longestWatchSeconds: number;
  /** Where only the end of a watch shows that the server is still there (HTTP/1.1), it comes this soon. */
  unpingedWatchSeconds: number;
  /** The server's deadline plus this, and the watch is cut from this side. */
  graceMs: number;
  /** A streamed snapshot that stands still this long is not going to end. */
  progressMs: number;
  backoffBaseMs: number;
  backoffCapMs: number;
  pageSize: number;
}

export const defaultTiming: ReflectorTiming = {
  shortestWatchSeconds: 300,
  longestWatchSeconds: 600,
  unpingedWatchSeconds: 40,
  graceMs: 15_000,
  progressMs: 10_000,
  backoffBaseMs: 800,
  backoffCapMs: 30_000,
  pageSize: 500,
};
