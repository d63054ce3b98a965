// Through the proxies of the environment. The library that knows them all is loaded only where there is one.
import type { Dispatcher } from "undici";
import { LifecycleError } from "../core/error.ts";
import type { DirectOptions } from "./direct.ts";
import type { Ask, Hearer, Way } from "./way.ts";

/** As HTTP_PROXY, HTTPS_PROXY and NO_PROXY mean it. */
export interface Proxy {
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  readonly no?: string | undefined;
}

export class Proxied implements Way {
  readonly ready: Promise<void>;
  readonly #agent: Promise<Dispatcher>;

  constructor(proxy: Proxy, options: DirectOptions) {
    for (const text of [proxy.http, proxy.https]) check(text);
    this.#agent = open(proxy, options);
    // Whoever asks is told of a failure; nobody may.
    this.ready = this.#agent.then(() => undefined, () => undefined);
  }

  dispatch(ask: Ask, hearer: Hearer): void {
    this.#agent.then(
      (agent) => void agent.dispatch({ ...ask, method: ask.method as Dispatcher.HttpMethod, headersTimeout: 0, bodyTimeout: 0 }, hearer),
      (error: unknown) => hearer.onResponseError(null, error instanceof Error ? error : new Error("no way through the proxy")),
    );
  }

  async destroy(): Promise<void> {
    await (await this.#agent).destroy();
  }
}

function check(text: string | undefined): void {
  if (text === undefined || text === "") return;
  if (URL.canParse(text) && /^(https?|socks5h?):$/.test(new URL(text).protocol)) return;
  // A proxy's url may hold a password: it is not repeated.
  throw new LifecycleError("invalid", "PROXY_INVALID", "HTTP_PROXY or HTTPS_PROXY is no url of a proxy: write it like http://proxy.example:3128.");
}

async function open(proxy: Proxy, { connections, connectTimeout, ca }: DirectOptions): Promise<Dispatcher> {
  const { EnvHttpProxyAgent } = await import("undici");
  const trust = ca === null ? {} : { ca };
  return new EnvHttpProxyAgent({
    // HTTP/1.1 here too.
    connections,
    allowH2: false,
    pipelining: 1,
    // Empty and not undefined: it would look into the environment by itself.
    httpProxy: proxy.http ?? "",
    httpsProxy: proxy.https ?? "",
    noProxy: proxy.no ?? "",
    connect: { ...trust, timeout: connectTimeout },
    requestTls: trust,
    connectTimeout,
  });
}
