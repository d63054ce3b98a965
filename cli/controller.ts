// `servicetokens controller`: the operator until a signal ends it, or until it loses leadership.
import { pino } from "pino";
import { startOperator } from "../controller/main.ts";
import { startOperators } from "../controller/operators.ts";
import { announce, UsageError } from "./failure.ts";

export interface Flags {
  readonly kubeconfig?: string;
  readonly namespace?: string;
  readonly ownNamespace?: string;
  readonly leaderElect: string;
  readonly metrics?: string;
  readonly concurrency: string;
  readonly adoptIdentity: boolean;
  readonly logLevel: string;
}

const LEVELS = ["debug", "info", "warn", "error"];

interface Checked {
  readonly leaderElect: boolean;
  readonly concurrency: number;
  readonly namespaces: readonly string[];
}

function check(flags: Flags): Checked {
  if (flags.leaderElect !== "true" && flags.leaderElect !== "false") throw new UsageError(`--leader-elect takes true or false, not ${JSON.stringify(flags.leaderElect)}`);
  const concurrency = Number(flags.concurrency);
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 1_000) throw new UsageError(`--concurrency takes a whole number from 1 to 1000, not ${JSON.stringify(flags.concurrency)}`);
  if (!LEVELS.includes(flags.logLevel)) throw new UsageError(`--log-level takes one of ${LEVELS.join(", ")}, not ${JSON.stringify(flags.logLevel)}`);
  if (flags.metrics !== undefined && !/:[0-9]{1,5}$/.test(flags.metrics)) throw new UsageError(`--metrics takes an address with a port, as in 127.0.0.1:9090, not ${JSON.stringify(flags.metrics)}`);
  return { leaderElect: flags.leaderElect === "true", concurrency, namespaces: checkedNamespaces(flags) };
}

function checkedNamespaces({ namespace, ownNamespace }: Flags): string[] {
  const names = namespace?.split(",") ?? [];
  for (const name of names) if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) throw new UsageError(`--namespace takes names of namespaces, as in team-a or team-a,team-b, not ${JSON.stringify(namespace)}`);
  if (new Set(names).size < names.length) throw new UsageError(`--namespace names a namespace twice: ${JSON.stringify(namespace)}`);
  if (names.length > 1 && ownNamespace !== undefined) throw new UsageError("--own-namespace goes with one namespace: with several, each keeps its identity and its lease itself");
  return names;
}

export async function control(flags: Flags): Promise<void> {
  const { leaderElect, concurrency, namespaces } = check(flags);
  const log = pino({ level: flags.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
  const { kubeconfig, ownNamespace, metrics, adoptIdentity } = flags;
  const options = {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(ownNamespace === undefined ? {} : { ownNamespace }),
    ...(metrics === undefined ? {} : { metrics }),
    leaderElect,
    adoptIdentity,
    concurrency,
    log,
  };
  const [namespace, ...more] = namespaces;
  const operator = more.length > 0 ? await startOperators(options, namespaces) : await startOperator({ ...options, ...(namespace === undefined ? {} : { namespace }) });
  const stop = (): void => {
    void operator.stop().then(() => process.exit(0));
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  void operator.ended.then(() => {
    log.error({}, "Leadership was lost");
    process.exit(1);
  });
  announce({ ready: true });
}
