// All that a test of the provider needs: the real token service, the wire to it, a project with the real CLI.
import type { ChildProcess } from "node:child_process";
import { emptyTokenService, serviceUser } from "./shared-service.ts";
import type { TokenService } from "../token-service.ts";
import { killProvider, killTree } from "./processes.ts";
import { startWire, type Wire } from "./wire.ts";
import type { StackResource } from "./checkpoint.ts";
import { Workspace, type WorkspaceOptions } from "./workspace.ts";

export interface ListedToken {
  readonly id: number;
  readonly name: string;
  readonly active: boolean;
  readonly created: string;
  readonly expiration: string | null;
  readonly last_used: string | null;
}

export interface World {
  readonly service: TokenService;
  readonly wire: Wire;
  readonly workspace: Workspace;
  /** All service tokens at the API. */
  tokens(): Promise<readonly ListedToken[]>;
  /** Uses a token, as a consumer would; the status. */
  use(token: string): Promise<number>;
  /** The resource of that name in the stack. */
  resource(name: string): Promise<StackResource & { readonly outputs: Record<string, unknown> }>;
  close(): Promise<void>;
}

/**
 * `users`: service users that exist from the start; an earlier world of this process may have left others. The
 * credential is in the environment unless `env` says otherwise.
 */
export async function startWorld({ users = ["Data Ingest"], env, ...options }: WorkspaceOptions & { readonly users?: readonly string[] }): Promise<World> {
  const service = await emptyTokenService();
  const wire = await startWire(service.url);
  for (const name of users) await serviceUser(service, name);
  const credential = { QUALYTICS_URL: wire.url, QUALYTICS_TOKEN: service.adminToken };
  const workspace = await Workspace.create({ ...options, env: { ...credential, ...env } });
  return {
    service,
    wire,
    workspace,
    tokens: async () => (await service.api<ListedToken[]>("GET", "/api/user-tokens/service")).body,
    use: async (token) => (await service.api("GET", "/api/users/me", undefined, token)).status,
    async resource(name) {
      const found = (await workspace.resources()).find(({ urn }) => urn.endsWith(`::${name}`) && urn.includes("servicetokens:"));
      if (!found?.outputs) throw new Error(`no resource ${name} in the state`);
      return { ...found, outputs: found.outputs };
    },
    async close() {
      workspace.remove();
      await wire.close();
    },
  };
}

/** For Workspace.pulumi's `onStart`: gives the ways to kill the command at a chosen moment. */
export function assassin(): { onStart: (child: ChildProcess) => void; provider: () => void; everything: () => void } {
  let pid = 0;
  return {
    onStart: (child) => {
      pid = child.pid ?? 0;
    },
    provider: () => killProvider(pid),
    everything: () => killTree(pid),
  };
}
