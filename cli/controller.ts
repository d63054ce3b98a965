// `servicetokens controller`: the operator until a signal ends it, or until it loses leadership.
import { pino } from "pino";
import { startOperator } from "../controller/main.ts";
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

function check(flags: Flags): { leaderElect: boolean; concurrency: number } {
  if (flags.leaderElect !== "true" && flags.leaderElect !== "false") throw new UsageError(`--leader-elect takes true or false, not ${JSON.stringify(flags.leaderElect)}`);
  const concurrency = Number(flags.concurrency);
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 1_000) throw new UsageError(`--concurrency takes a whole number from 1 to 1000, not ${JSON.stringify(flags.concurrency)}`);
  if (!LEVELS.includes(flags.logLevel)) throw new UsageError(`--log-level takes one of ${LEVELS.join(", ")}, not ${JSON.stringify(flags.logLevel)}`);
  if (flags.metrics !== undefined && !/:[0-9]{1,5}$/.test(flags.metrics)) throw new UsageError(`--metrics takes an address with a port, as in 127.0.0.1:9090, not ${JSON.stringify(flags.metrics)}`);
  return { leaderElect: flags.leaderElect === "true", concurrency };
}

export async function control(flags: Flags): Promise<void> {
  const { leaderElect, concurrency } = check(flags);
  const log = pino({ level: flags.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
  const { kubeconfig, namespace, ownNamespace, metrics, adoptIdentity } = flags;
  const operator = await startOperator({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(ownNamespace === undefined ? {} : { ownNamespace }),
    ...(metrics === undefined ? {} : { metrics }),
    leaderElect,
    adoptIdentity,
    concurrency,
    log,
  });
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
