// One operator for each of several namespaces, in one process: each with its own identity, lease and caches, as if it
// ran alone there, so that one Role in each namespace is all they need. They share metrics, health and their end.
import { startOperator, type Operator, type OperatorOptions } from "./main.ts";
import { serve } from "./pages.ts";
import { RuntimeMetrics } from "./runtime/index.ts";

export async function startOperators(options: OperatorOptions, namespaces: readonly string[]): Promise<Operator> {
  const metrics = new RuntimeMetrics();
  const started: Operator[] = [];
  const ready = (): boolean => started.length === namespaces.length && started.every((operator) => operator.ready());
  const http = await serve(options, metrics, ready);
  await Promise.all(
    namespaces.map(async (namespace) => {
      started.push(await startOperator({ ...options, namespace, ownNamespace: namespace }, { metrics, label: `${namespace}/` }));
    }),
  );
  return {
    ready,
    ended: Promise.race(started.map((operator) => operator.ended)),
    async stop() {
      await Promise.all(started.map((operator) => operator.stop()));
      await http?.stop();
    },
  };
}
