// One core's share of the simulation: stretches of seeds in, what became of them out.
import { parentPort } from "node:worker_threads";
import { stretch, type Task } from "./stretch.ts";

parentPort?.on("message", (task: Task) => {
  void stretch(task).then((done) => parentPort?.postMessage(done));
});
