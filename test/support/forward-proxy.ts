// A forward proxy that speaks CONNECT and SOCKS5, may ask for a login, and counts whom it let through.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface ForwardProxy {
  readonly port: number;
  /** host:port of each tunnel. */
  readonly tunnels: string[];
  close(): Promise<void>;
}

export async function startForwardProxy(login?: { user: string; password: string }): Promise<ForwardProxy> {
  const tunnels: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((client) => {
    open.add(client);
    client.on("error", () => undefined).on("close", () => open.delete(client));
    client.once("data", (chunk) => (chunk[0] === 5 ? socks(client, chunk) : connectMethod(client, chunk)));
  });
  const through = (client: Socket, host: string, port: number, ready: () => void): void => {
    tunnels.push(`${host}:${port}`);
    const upstream = connect(port, host, () => {
      ready();
      client.pipe(upstream).pipe(client);
    });
    open.add(upstream);
    upstream.on("error", () => client.destroy()).on("close", () => (open.delete(upstream), client.destroy()));
    client.on("close", () => upstream.destroy());
  };
  const connectMethod = (client: Socket, chunk: Buffer): void => {
    const head = chunk.toString("latin1");
    const wanted = login === undefined ? undefined : `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}`;
    if (wanted !== undefined && !head.includes(`Proxy-Authorization: ${wanted}\r\n`)) return void client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    const [, host = "", port] = /^CONNECT \[?([^\]\s]+?)\]?:(\d+) HTTP/.exec(head) ?? [];
    // The answer comes in two pieces: a reader must wait for its end.
    through(client, host, Number(port), () => (client.write("HTTP/1.1 200 Connection"), setTimeout(() => client.write(" established\r\nVia: x\r\n\r\n"), 5)));
  };
  const socks = (client: Socket, greeting: Buffer): void => {
    const method = login === undefined ? 0 : 2;
    if (!greeting.subarray(2).includes(method)) return void client.end(Buffer.from([5, 255]));
    client.write(Buffer.from([5, method]));
    const request = (chunk: Buffer): void => {
      const length = chunk[4] ?? 0;
      through(client, chunk.toString("latin1", 5, 5 + length), chunk.readUInt16BE(5 + length), () => client.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0])));
    };
    if (login === undefined) return void client.once("data", request);
    client.once("data", (chunk) => {
      const user = chunk.toString("utf8", 2, 2 + (chunk[1] ?? 0));
      const password = chunk.toString("utf8", 3 + (chunk[1] ?? 0));
      const good = user === login.user && password === login.password;
      client.write(Buffer.from([1, good ? 0 : 1]));
      if (good) client.once("data", request);
    });
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    tunnels,
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
