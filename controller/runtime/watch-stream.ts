// Reads one watch from its opening to its end. Decides what counts as an event, when
// the stream is dead, and which failure ended it; must not know what is done with
// events, nor what to do next.
import { streamError } from "./api-error.ts";
import type { Status } from "./api-error.ts";
import type { Clock } from "./clock.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { Incoming } from "./link.ts";
import type { KubeObject } from "./object.ts";
import type { ObjectRef, Resource } from "./resource.ts";
import type { RestClient, WatchOptions } from "./rest.ts";
import { TransportError } from "./transport-error.ts";

export interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  object: KubeObject;
}

/** The stream ended in a way that tells nothing about the server's health: ask for it again. */
export class WatchEnded extends Error {
  override readonly name = "WatchEnded";
}

export interface WatchRequest {
  client: RestClient;
  resource: Resource;
  scope: ObjectRef;
  options: WatchOptions & { timeoutSeconds: number };
  clock: Clock;
  signal: AbortSignal;
  /** How long after the server's own deadline the stream is cut from this side. */
  graceMs: number;
  /** Gives up when the open stream is silent for so long before `complete` is true: the rest will not come. */
  progress?: { withinMs: number; complete: () => boolean };
  onEvent: (event: WatchEvent) => void;
}

/** etcd takes no object over 1.5 MiB by default and the apiserver no body over 3 MiB; JSON in JSON may double it. */
const longestLineBytes = 16 << 20;

/** Resolves when the server ends the stream in the normal way; every other end throws. */
export async function followWatch(request: WatchRequest): Promise<void> {
  const { clock, signal, options } = request;
  const kill = new AbortController();
  const onStop = (): void => kill.abort(new WatchEnded("stopped"));
  signal.addEventListener("abort", onStop, { once: true });
  const cancelKill = clock.after(options.timeoutSeconds * 1000 + request.graceMs, () => kill.abort(new WatchEnded("the watch outlived its deadline")));
  let cancelProgress: () => void = () => undefined;
  try {
    if (signal.aborted) onStop();
    const answer = await request.client.watch(request.resource, request.scope, { ...options, signal: kill.signal });
    // Only now: before the headers the server may be busy, or have asked us to wait.
    const progress = watchProgress(request, kill);
    cancelProgress = progress.cancel;
    await read(answer, request, progress.seen);
  } finally {
    cancelKill();
    cancelProgress();
    signal.removeEventListener("abort", onStop);
  }
}

function watchProgress(request: WatchRequest, kill: AbortController): { seen: () => void; cancel: () => void } {
  const { progress, clock } = request;
  if (progress === undefined) return { seen: () => undefined, cancel: () => undefined };
  let seenAt = clock.monotonic();
  let cancel: () => void = () => undefined;
  const check = (): void => {
    if (progress.complete()) return;
    const leftMs = seenAt + progress.withinMs - clock.monotonic();
    if (leftMs <= 0) kill.abort(new WatchEnded("no progress"));
    else cancel = clock.after(leftMs, check);
  };
  check();
  return { seen: () => (seenAt = clock.monotonic()), cancel: () => cancel() };
}

function read(answer: Incoming, request: WatchRequest, onChunk: () => void): Promise<void> {
  const splitter = new LineSplitter(longestLineBytes);
  const onLine = (line: string): void => deliver(line, request);
  return new Promise((resolve, reject) => {
    let failed = false;
    answer.read({
      // Chunks of a burst are handled in order in one go, and nothing interleaves.
      data(chunk) {
        if (failed) return;
        onChunk();
        try {
          splitter.push(chunk, onLine);
        } catch (error) {
          failed = true;
          reject(error instanceof Error ? error : new Error("a watch handler threw"));
          answer.destroy();
        }
      },
      // A tail without a newline is a cut event: the server sends it again when asked from the last version.
      end(how) {
        if (how === "whole") resolve();
        else reject(how === "cut" ? new TransportError("CONNECTION_CLOSED", "the connection went in the middle of a watch") : new WatchEnded("the stream was closed"));
      },
      fail: reject,
    });
  });
}

function deliver(line: string, request: WatchRequest): void {
  const event = JSON.parse(line) as WatchEvent | { type: "ERROR"; object: Status };
  if (event.type === "ERROR") throw streamError(request.resource, event.object);
  request.onEvent(event);
}
