// The credentials of a pod: three files that the kubelet keeps fresh and two
// variables. Nothing is cached beyond what token-file.ts says.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Credentials } from "./credentials.ts";
import { proxyFromEnvironment } from "./proxy.ts";
import { TokenFile } from "./token-file.ts";

const defaultDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

export function inClusterCredentials(directory = defaultDirectory, env: NodeJS.ProcessEnv = process.env): Credentials | undefined {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"];
  const tokenPath = join(directory, "token");
  if (host === undefined || host === "" || port === undefined || !existsSync(tokenPath)) return undefined;
  const token = new TokenFile(tokenPath);
  const namespacePath = join(directory, "namespace");
  const server = new URL(`https://${host.includes(":") ? `[${host}]` : host}:${port}`);
  const proxy = proxyFromEnvironment(server, env);
  return {
    server,
    ...(proxy === undefined ? {} : { proxy }),
    ...(existsSync(namespacePath) ? { namespace: readFileSync(namespacePath, "utf8").trim() } : {}),
    tls: () => ({ ca: readFileSync(join(directory, "ca.crt"), "utf8") }),
    authorization: () => token.authorization(),
    invalidate: () => token.invalidate(),
  };
}
