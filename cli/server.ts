// `servicetokens server`: the token service until a signal ends it.
import { startServer } from "../server/start.ts";
import { announce } from "./failure.ts";

export async function serve(options: { listen: string; data: string; adminTokenFile: string }): Promise<void> {
  const server = await startServer(options);
  const stop = (): void => {
    void server.close().then(() => process.exit(0));
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  announce({ url: server.url });
}
