// Who we are to the apiserver and how we know it is the apiserver. This file
// decides where credentials come from when nobody says; how each source works is in
// kubeconfig.ts, service-account.ts and exec-plugin.ts. It must not know requests.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { loadKubeconfig } from "./kubeconfig.ts";
import { inClusterCredentials } from "./service-account.ts";

/** What a TLS connection is opened with. */
export interface TlsMaterial {
  ca?: string;
  cert?: string;
  key?: string;
  servername?: string;
  insecure?: boolean;
}

export interface Credentials {
  readonly server: URL;
  /** The namespace that the source names, if any. */
  readonly namespace?: string;
  /** What stands between us and the server. */
  readonly proxy?: URL;
  /** Asked at every new connection, so that rotated certificates count without a restart. */
  tls(): TlsMaterial | Promise<TlsMaterial>;
  /** The Authorization header. Asked for every request: cheap unless a renewal is due. */
  authorization(): string | undefined | Promise<string | undefined>;
  /** The server answered 401: whatever is cached is not to be used again. */
  invalidate(): void;
}

export interface CredentialsOptions {
  /** Path of a kubeconfig; wins over everything else. */
  kubeconfig?: string;
  context?: string;
}

/**
 * The order kubectl and client-go have: the path given, KUBECONFIG, the service account of the pod, ~/.kube/config. Of
 * the files in KUBECONFIG those that are not there are passed over; where none is, nobody meant ~/.kube/config: it may be
 * of another cluster.
 */
export async function loadCredentials(options: CredentialsOptions = {}): Promise<Credentials> {
  if (options.kubeconfig !== undefined) return loadKubeconfig([options.kubeconfig], options.context);
  const listed = (process.env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  const there = listed.filter((path) => existsSync(path));
  if (there.length > 0) return loadKubeconfig(there, options.context);
  const pod = inClusterCredentials();
  if (pod !== undefined) return pod;
  if (listed.length > 0) throw new Error(`KUBECONFIG names ${listed.join(" and ")}, and there is no such file`);
  const home = join(homedir(), ".kube", "config");
  if (existsSync(home)) return loadKubeconfig([home], options.context);
  throw new Error(`no kubeconfig was given, KUBECONFIG is not set, there is no ${home}, and this is no pod with a service account`);
}
