// `HOST:PORT` as people write it. Decides which forms are understood and which URL
// answers there; must not know what is served.
import { StartError } from "./start-error.ts";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const form = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]]*)):(\d{1,5})$/;

export function parseListenAddress(text: string): ListenAddress {
  const parts = form.exec(text);
  const port = Number(parts?.[3]);
  if (parts === null || port > 65_535) {
    throw new StartError("listen-unusable", `Cannot listen on "${text}": write HOST:PORT, for example 127.0.0.1:8080, or 127.0.0.1:0 for any free port.`);
  }
  return { host: parts[1] ?? (parts[2] === "" ? "0.0.0.0" : (parts[2] ?? "")), port };
}

/** A URL that works on this machine, also when the service listens on every address. */
export function urlOf({ host, port }: ListenAddress, tls = false): string {
  const scheme = tls ? "https" : "http";
  if (host === "0.0.0.0") return `${scheme}://127.0.0.1:${port}`;
  if (host === "::") return `${scheme}://[::1]:${port}`;
  return host.includes(":") ? `${scheme}://[${host}]:${port}` : `${scheme}://${host}:${port}`;
}
