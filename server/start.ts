// Puts the token service together and takes it apart again. Decides the order: data,
// administrator, listen; must not know any rule or endpoint.
import type { FastifyInstance } from "fastify";
import type { Server as TlsServer } from "node:tls";
import { type Logger, pino } from "pino";
import { bootstrapAdmin } from "./credential/bootstrap.ts";
import { noteKeyChange } from "./credential/key-ring.ts";
import { buildApp } from "./http/app.ts";
import { parseFaults } from "./http/fault.ts";
import { Metrics } from "./http/metrics.ts";
import { type ListenAddress, parseListenAddress, urlOf } from "./listen-address.ts";
import { listenForMetrics } from "./metrics-listener.ts";
import { type Undo, takeApart } from "./open-data.ts";
import { openService, tellKeyChange } from "./open-service.ts";
import type { ChainedEntry } from "./rules/audit-entry.ts";
import { type Clock, currentSecond, dateOf } from "./rules/moment.ts";
import type { Service } from "./rules/service.ts";
import { type Settings, settingsWith } from "./settings/settings.ts";
import { StartError, reasonOf } from "./start-error.ts";
import { countTokens } from "./storage/token-table.ts";
import { type TlsFiles, readTls, tlsFilesOf, watchTls } from "./tls.ts";

/** `listen`, `data` and `adminTokenFile` are needed; every other setting has a default. */
export type ServerOptions = Partial<Settings> &
  Pick<Settings, "listen" | "data" | "adminTokenFile"> & {
    /** Default: JSON lines on stderr. */
    readonly logger?: Logger;
    /** Default: JWT_SIGNING_SECRET of the environment, else a generated one kept with the data. */
    readonly signingSecret?: string;
    readonly clock?: Clock;
  };

export interface RunningServer {
  readonly url: string;
  /** Where Prometheus reads, if anywhere. */
  readonly metricsUrl?: string;
  /** Reads certificate and signing keys again. */
  reload(): Promise<void>;
  /** Answers what is under way, writes what is pending, frees the data. */
  close(): Promise<void>;
}

/** Rejects with a StartError when a person has to change something first. */
export async function startServer({ logger: given, signingSecret, clock, ...chosen }: ServerOptions): Promise<RunningServer> {
  const settings = settingsWith(chosen);
  const logger = given ?? pino({ name: "token-service", level: settings.logLevel }, pino.destination(2));
  const address = parseListenAddress(settings.listen);
  const tlsFiles = tlsFilesOf(settings);
  const tls = tlsFiles === undefined ? undefined : readTls(tlsFiles);
  const faults = parseFaults(settings.fault);
  const undo: Undo = [];
  const onAudit = (entry: ChainedEntry): void => {
    metrics.changed(entry.action);
    tellAudit(logger, entry);
  };
  const { metrics, attach } = lateMetrics();
  try {
    const { service, keys } = await openService(settings, { logger, undo, onAudit, signingSecret, clock });
    attach(service);
    const outcome = await bootstrapAdmin(service, settings.adminTokenFile);
    logger.info({ file: settings.adminTokenFile }, outcome === "kept" ? "Administrator token in the file is valid and kept" : "Administrator token issued into the file");
    const app = buildApp({ service, logger, settings, metrics, faults, tls });
    undo.push(() => stop(app, settings.stopTimeout, logger));
    const url = urlOf({ ...address, port: await listen(app, address) }, tls !== undefined);
    const metricsUrl = await serveMetrics(settings, metrics, undo);
    const reloadTls = tlsFiles === undefined ? undefined : keepTls(app, tlsFiles, logger, undo);
    logger.info({ url, ...(metricsUrl === undefined ? {} : { metricsUrl }) }, "Token service listens");
    if (faults.length > 0 || settings.development || settings.clockOffset !== undefined) {
      logger.warn({ fault: settings.fault, clockOffset: settings.clockOffset, development: settings.development }, "Development settings are on: this is no service to rely on");
    }
    let closed: Promise<void> | undefined;
    return {
      url,
      ...(metricsUrl === undefined ? {} : { metricsUrl }),
      reload: async () => {
        reloadTls?.();
        await keys.refresh();
        tellKeyChange(await noteKeyChange(service, keys.bearer), logger);
      },
      close: () => (closed ??= takeApart(undo)),
    };
  } catch (cause) {
    await takeApart(undo);
    throw cause;
  }
}

/** The metrics count what happens while the service is opened; what they ask of the data comes later. */
function lateMetrics(): { metrics: Metrics; attach: (service: Service) => void } {
  let service: Service | undefined;
  const metrics = new Metrics(async () => {
    if (service === undefined) throw new Error("The service is not open yet.");
    return countTokens(service.database, dateOf(currentSecond(service.clock)));
  });
  return {
    metrics,
    attach: (opened) => {
      service = opened;
    },
  };
}

/** Also where a head of the chain is kept that whoever can write the database cannot reach. */
function tellAudit(logger: Logger, { number, action, actor, tokenId, user, address, requestId, hash }: ChainedEntry): void {
  logger.info({ audit: number, action, actor, tokenId, user, address, requestId, hash: Buffer.from(hash).toString("hex") }, "Changed");
}

async function serveMetrics({ metrics: address }: Settings, metrics: Metrics, undo: Undo): Promise<string | undefined> {
  if (address === undefined) return undefined;
  const listener = await listenForMetrics(address, metrics.withProcess().registry);
  undo.push(() => listener.close());
  return listener.url;
}

function keepTls(app: FastifyInstance, files: TlsFiles, logger: Logger, undo: Undo): () => void {
  const reload = (): void => {
    try {
      (app.server as unknown as TlsServer).setSecureContext(readTls(files));
      logger.info({ file: files.cert }, "Certificate read again");
    } catch (cause) {
      logger.error({ reason: reasonOf(cause) }, "The certificate in use stays: the new one cannot be used");
    }
  };
  undo.push(watchTls(files, reload));
  return reload;
}

/** How often a stop looks for connections that have had their answer. */
const tidyEveryMs = 50;

/** Whoever waits for an answer gets it; whoever does not take it is not waited for longer than this. */
async function stop(app: FastifyInstance, timeoutMs: number, logger: Logger): Promise<void> {
  const deadline = setTimeout(() => {
    logger.warn("Answers under way took too long: their connections are closed");
    app.server.closeAllConnections();
  }, timeoutMs);
  // Whoever was waiting when the stop began would otherwise keep the connection, and the stop with it, once they have their answer.
  const tidy = setInterval(() => app.server.closeIdleConnections(), tidyEveryMs);
  try {
    await app.close();
  } finally {
    clearTimeout(deadline);
    clearInterval(tidy);
  }
}

async function listen(app: FastifyInstance, address: ListenAddress): Promise<number> {
  try {
    await app.listen({ host: address.host, port: address.port });
  } catch (cause) {
    throw new StartError("listen-unusable", `Cannot listen on ${address.host}:${address.port}: free the address or give another one with --listen (${reasonOf(cause)}).`, cause);
  }
  const bound = app.server.address();
  return bound === null || typeof bound === "string" ? address.port : bound.port;
}
