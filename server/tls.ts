// Certificate and key for HTTPS. Decides that a pair which does not fit is refused at the
// start and, later, leaves the one in use where it is; must not know what is served.
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { createSecureContext } from "node:tls";
import { StartError, reasonOf } from "./start-error.ts";

const lookEveryMs = 2_000;

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

export function tlsFilesOf({ tlsCert, tlsKey }: { readonly tlsCert?: string; readonly tlsKey?: string }): TlsFiles | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert !== undefined && tlsKey !== undefined) return { cert: tlsCert, key: tlsKey };
  throw new StartError("tls-unusable", `HTTPS needs both files: give ${tlsCert === undefined ? "--tls-cert" : "--tls-key"} too.`);
}

export function readTls(files: TlsFiles): TlsPair {
  const pair = { cert: read("--tls-cert", files.cert), key: read("--tls-key", files.key) };
  try {
    createSecureContext(pair);
  } catch (cause) {
    throw new StartError("tls-unusable", `The certificate ${files.cert} and the key ${files.key} cannot be used together: give a PEM certificate chain and its private key (${reasonOf(cause)}).`, cause);
  }
  return pair;
}

function read(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new StartError("tls-unusable", `The file ${path} of ${flag} cannot be read: name a PEM file that this user may read (${reasonOf(cause)}).`, cause);
  }
}

/** Looks at the files rather than being told: a mounted secret is exchanged behind links, which tell nobody. */
export function watchTls(files: TlsFiles, onChange: () => void): () => void {
  const paths = Object.values(files) as string[];
  for (const path of paths) watchFile(path, { interval: lookEveryMs, persistent: false }, onChange);
  return () => {
    for (const path of paths) unwatchFile(path, onChange);
  };
}
