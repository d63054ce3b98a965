// A wire that can be cut or go deaf: forwards TCP to a server, until it is told otherwise.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface Proxy {
  readonly url: string;
  /** Refuses new connections and ends the open ones. */
  cut(): void;
  /** Ends the open connections; new ones work. */
  drop(): void;
  /** No byte passes any more on the open connections, and nobody is told, as behind a firewall that lost its state; new ones work. */
  deafen(): void;
  heal(): void;
  close(): Promise<void>;
}

export async function startProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let refusing = false;
  const server = createServer((client) => {
    client.on("error", () => undefined);
    if (refusing) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    upstream.on("error", () => client.destroy());
    for (const [from, to] of [[client, upstream], [upstream, client]] as const) {
      open.add(from);
      from.pipe(to);
      from.once("close", () => {
        open.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const drop = (): void => {
    for (const socket of open) socket.destroy();
  };
  const cut = (): void => {
    refusing = true;
    drop();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    drop,
    deafen: () => {
      for (const socket of open) socket.unpipe().pause();
    },
    heal: () => {
      refusing = false;
    },
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
