// Which proxy stands between us and a server, if any. Decides as Go's net/http does, so
// that what works for kubectl works here: the kubeconfig's proxy-url first, then
// HTTPS_PROXY and HTTP_PROXY with the exceptions of NO_PROXY, and never for loopback.
// Must not know how a proxy is spoken to.
import { BlockList, isIP } from "node:net";

const spoken = new Set(["http:", "https:", "socks5:", "socks5h:"]);

/** Checked where it is written, not at the first request. */
export function parseProxy(text: string, where: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The text is not repeated: it may hold a password.
  if (url === undefined || !spoken.has(url.protocol)) throw new Error(`${where} is no proxy: write http://, https:// or socks5:// and a host`);
  return url;
}

export function proxyFromEnvironment(server: URL, env: NodeJS.ProcessEnv = process.env): URL | undefined {
  const [name, lower] = server.protocol === "https:" ? (["HTTPS_PROXY", "https_proxy"] as const) : (["HTTP_PROXY", "http_proxy"] as const);
  const text = env[name] ?? env[lower] ?? "";
  const host = hostOf(server);
  if (text === "" || isLoopback(host) || isExcepted(host, portOf(server), env["NO_PROXY"] ?? env["no_proxy"] ?? "")) return undefined;
  // The scheme may be left out, as everywhere.
  return parseProxy(text.includes("://") ? text : `http://${text}`, name);
}

export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
export const portOf = (url: URL): number => Number(url.port) || (url.protocol === "https:" ? 443 : url.protocol.startsWith("socks") ? 1080 : 80);

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** A comma-separated list: `*`, a name and what is below it, an address, a network; each may end in a port. */
function isExcepted(host: string, port: number, list: string): boolean {
  return list.split(",").map((entry) => entry.trim().toLowerCase()).some((entry) => entry !== "" && matches(entry, host, port));
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return isInNetwork(entry, host);
  const [, name = "", wantedPort] = /^(?:\[(?=.*\]))?(.+?)\]?(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (wantedPort !== undefined && Number(wantedPort) !== port) return false;
  if (isIP(host) !== 0) return name === host;
  const bare = name.replace(/^\*?\./, "");
  return host.endsWith(`.${bare}`) || (host === bare && bare === name);
}

function isInNetwork(entry: string, host: string): boolean {
  const [address = "", bits] = entry.split("/");
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (isIP(address) === 0 || isIP(host) !== isIP(address) || !/^\d{1,3}$/.test(bits ?? "") || Number(bits) > (family === "ipv6" ? 128 : 32)) return false;
  const networks = new BlockList();
  networks.addSubnet(address, Number(bits), family);
  return networks.check(host, family);
}
