// kubectl and the other engines by name, and a kubeconfig for kubectl to use.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

export function binary(name: string): string {
  const assets = process.env["KUBEBUILDER_ASSETS"];
  const places = [...(assets !== undefined && assets !== "" ? [assets] : []), join(import.meta.dirname, "..", "..", ".tools", "bin")];
  const path = places.map((place) => join(place, name)).find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`${name} is missing: "make tools" brings it, or set KUBEBUILDER_ASSETS`);
  return path;
}

export function kubeconfig(server: string, ca: string, token: string): string {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "local",
    clusters: [{ name: "local", cluster: { server, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "local", context: { cluster: "local", user: "admin", namespace: "default" } }],
  };
  return JSON.stringify(config, undefined, 2);
}

export function kubectl(kubeconfigPath: string, args: readonly string[], stdin?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // kubectl keeps what it discovered; a test leaves nothing in a home folder.
    const env = { ...process.env, KUBECACHEDIR: join(dirname(kubeconfigPath), "kubectl-cache") };
    const child = execFile(binary("kubectl"), ["--kubeconfig", kubeconfigPath, ...args], { maxBuffer: 64 << 20, env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`kubectl ${args.join(" ")}: ${stderr.trim() || error.message}`));
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(stdin ?? "");
  });
}
