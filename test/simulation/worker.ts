// One core's share of the simulation: stretches of seeds in, what became of them out.
import { parentPort } from "node:worker_threads";
import { stretch } from "./stretch.ts";

parentPort?.on("message", ({ first, count }: { first: number; count: number }) => {
  void stretch(first, count).then((done) => parentPort?.postMessage(done));
});
