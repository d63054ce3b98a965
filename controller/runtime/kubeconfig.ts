// Reads kubeconfig files: which server, which certificates, which of the ways to
// authenticate. Must not know requests. Relative paths count from the file they
// stand in, and of several files the first that names a thing wins, as in kubectl.
// Files that were written anew are followed, as far as the user and the authority go.
import { readFileSync } from "node:fs";
import { dirname, resolve, sep } from "node:path";
import type { Credentials, TlsMaterial } from "./credentials.ts";
import { ExecPlugin } from "./exec-plugin.ts";
import type { ExecConfig } from "./exec-plugin.ts";
import { parseProxy, proxyFromEnvironment } from "./proxy.ts";
import { TokenFile } from "./token-file.ts";

interface Cluster {
  server: string;
  "certificate-authority"?: string;
  "certificate-authority-data"?: string;
  "insecure-skip-tls-verify"?: boolean;
  "tls-server-name"?: string;
  "proxy-url"?: string;
}

interface User {
  "client-certificate"?: string;
  "client-certificate-data"?: string;
  "client-key"?: string;
  "client-key-data"?: string;
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  exec?: ExecConfig;
  "auth-provider"?: { name: string };
}

interface Context {
  cluster: string;
  user: string;
  namespace?: string;
}

interface Kubeconfig {
  "current-context"?: string;
  clusters?: { name: string; cluster: Cluster }[];
  users?: { name: string; user: User }[];
  contexts?: { name: string; context: Context }[];
}

const pathFields = ["certificate-authority", "client-certificate", "client-key", "tokenFile"] as const;

export async function loadKubeconfig(paths: readonly string[], contextName?: string): Promise<Credentials> {
  const first = await chosen(paths, contextName);
  const { name, context, cluster, user } = first;
  const server = new URL(cluster.server);
  const proxy = proxyOf(cluster, server, context.cluster);
  const scope = { server, ...(proxy === undefined ? {} : { proxy }), ...(context.namespace === undefined ? {} : { namespace: context.namespace }) };
  if (user["auth-provider"] !== undefined) return { ...scope, ...(await legacyProvider(paths, name, cluster)) };
  // By its name: which context is current may be another by then.
  return { ...scope, ...followed(first, () => chosen(paths, name)) };
}

interface Chosen {
  readonly name: string;
  readonly context: Context;
  readonly cluster: Cluster;
  readonly user: User;
}

async function chosen(paths: readonly string[], contextName: string | undefined): Promise<Chosen> {
  const config = merge(await Promise.all(paths.map(readConfig)));
  const name = contextName ?? config["current-context"];
  return { name: String(name), ...select(config, name, paths.join(", ")) };
}

/**
 * Whoever hands out a kubeconfig with a token or a certificate in it replaces the file before these end. It is read
 * again at each new connection and after a 401. One that cannot be read just then, or means another server by now,
 * counts as the one before.
 */
function followed(first: Chosen, read: () => Promise<Chosen>): Authentication {
  let seen = JSON.stringify([first.cluster, first.user]);
  let current = userCredentials(first.cluster, first.user);
  let refused = false;
  const again = async (): Promise<Authentication> => {
    refused = false;
    const now = await read().catch(() => first);
    const text = JSON.stringify([now.cluster, now.user]);
    if (now === first || text === seen || now.cluster.server !== first.cluster.server) return current;
    seen = text;
    current = userCredentials(now.cluster, now.user);
    return current;
  };
  return {
    tls: async () => (await again()).tls(),
    authorization: () => (refused ? again().then((renewed) => renewed.authorization()) : current.authorization()),
    invalidate: () => {
      current.invalidate();
      refused = true;
    },
  };
}

function select(config: Kubeconfig, name: string | undefined, where: string): Omit<Chosen, "name"> {
  const context = config.contexts?.find((entry) => entry.name === name)?.context;
  if (context === undefined) throw new Error(`${where}: no context ${name === undefined ? "is current" : `"${name}"`}`);
  const cluster = config.clusters?.find((entry) => entry.name === context.cluster)?.cluster;
  if (cluster === undefined) throw new Error(`${where}: no cluster "${context.cluster}"`);
  return { context, cluster, user: config.users?.find((entry) => entry.name === context.user)?.user ?? {} };
}

function proxyOf(cluster: Cluster, server: URL, name: string): URL | undefined {
  const url = cluster["proxy-url"] ?? "";
  return url === "" ? proxyFromEnvironment(server) : parseProxy(url, `proxy-url of the cluster "${name}"`);
}

async function readConfig(path: string): Promise<Kubeconfig> {
  const config = ((await parse(path, contents(path))) ?? {}) as Kubeconfig;
  const parts = [...(config.clusters ?? []).map((entry) => entry.cluster), ...(config.users ?? []).map((entry) => entry.user)];
  for (const part of parts as (Partial<Record<(typeof pathFields)[number], string>> | null)[]) {
    for (const field of pathFields) {
      const value = part?.[field];
      if (part !== null && value !== undefined) part[field] = resolve(dirname(path), value);
    }
  }
  for (const { user } of config.users ?? []) {
    const { exec } = (user as User | null) ?? {};
    // One without a separator is looked for on PATH.
    if (exec?.command.includes(sep) === true) exec.command = resolve(dirname(path), exec.command);
  }
  return config;
}

function contents(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`the kubeconfig ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`, { cause: error });
  }
}

/** JSON is YAML too, and needs no parser that a pod would load for nothing. What a parser says may repeat a credential: it is not passed on. */
async function parse(path: string, text: string): Promise<unknown> {
  try {
    if (text.startsWith("{")) return JSON.parse(text);
    return (await import("yaml")).parse(text);
  } catch {
    throw new Error(`the kubeconfig ${path} is neither YAML nor JSON`);
  }
}

function merge(configs: readonly Kubeconfig[]): Kubeconfig {
  const current = configs.map((config) => config["current-context"]).find((name) => name !== undefined && name !== "");
  return {
    ...(current === undefined ? {} : { "current-context": current }),
    clusters: configs.flatMap((config) => config.clusters ?? []),
    users: configs.flatMap((config) => config.users ?? []),
    contexts: configs.flatMap((config) => config.contexts ?? []),
  };
}

type Authentication = Pick<Credentials, "tls" | "authorization" | "invalidate">;

function userCredentials(cluster: Cluster, user: User): Authentication {
  if (user.exec !== undefined) return execCredentials(cluster, new ExecPlugin(user.exec, clusterInfo(cluster)));
  const material = (): TlsMaterial => ({ ...serverTls(cluster), ...clientCertificate(user) });
  // The order is client-go's: an explicit token counts before the file, which exists for rotation.
  if (user.tokenFile !== undefined && user.token === undefined) {
    const file = new TokenFile(user.tokenFile);
    return { tls: material, authorization: () => file.authorization(), invalidate: () => file.invalidate() };
  }
  const header = staticHeader(user);
  return { tls: material, authorization: () => header, invalidate: () => undefined };
}

function staticHeader(user: User): string | undefined {
  if (user.token !== undefined) return `Bearer ${user.token}`;
  if (user.username === undefined) return undefined;
  return `Basic ${Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64")}`;
}

function execCredentials(cluster: Cluster, plugin: ExecPlugin): Authentication {
  return {
    async tls() {
      const { clientCertificateData: cert, clientKeyData: key } = await plugin.credential();
      return { ...serverTls(cluster), ...(cert === undefined || key === undefined ? {} : { cert, key }) };
    },
    authorization() {
      const credential = plugin.credential();
      const header = ({ token }: { token?: string }): string | undefined => (token === undefined ? undefined : `Bearer ${token}`);
      return credential instanceof Promise ? credential.then(header) : header(credential);
    },
    invalidate: () => plugin.invalidate(),
  };
}

/** Auth providers (OIDC and the like) are rare and intricate: the official client knows them, and is loaded only here. */
async function legacyProvider(paths: readonly string[], context: string, cluster: Cluster): Promise<Authentication> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const official = new KubeConfig();
  official.loadFromFile(paths[0] as string);
  official.setCurrentContext(context);
  return {
    tls: () => serverTls(cluster),
    async authorization() {
      const options: { headers?: Record<string, string> } = {};
      await official.applyToHTTPSOptions(options);
      return options.headers?.["Authorization"];
    },
    invalidate: () => undefined,
  };
}

function serverTls(cluster: Cluster): TlsMaterial {
  const ca = pem(cluster["certificate-authority-data"], cluster["certificate-authority"]);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cluster["tls-server-name"] === undefined ? {} : { servername: cluster["tls-server-name"] }),
    ...(cluster["insecure-skip-tls-verify"] === true ? { insecure: true } : {}),
  };
}

function clientCertificate(user: User): TlsMaterial {
  const cert = pem(user["client-certificate-data"], user["client-certificate"]);
  const key = pem(user["client-key-data"], user["client-key"]);
  return cert === undefined || key === undefined ? {} : { cert, key };
}

function pem(data: string | undefined, path: string | undefined): string | undefined {
  if (data !== undefined) return Buffer.from(data, "base64").toString("utf8");
  return path === undefined ? undefined : readFileSync(path, "utf8");
}

function clusterInfo(cluster: Cluster): object {
  return {
    server: cluster.server,
    ...(cluster["certificate-authority-data"] === undefined ? {} : { "certificate-authority-data": cluster["certificate-authority-data"] }),
    ...(cluster["insecure-skip-tls-verify"] === true ? { "insecure-skip-tls-verify": true } : {}),
  };
}
