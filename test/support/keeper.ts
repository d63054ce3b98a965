// vitest's globalSetup for rings whose files share what is slow to start: lives in vitest's own process, makes each
// thing when it is first asked for, and ends all with the run. Knows not what it keeps; files ask it over loopback.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { keepPlanes } from "./shared-plane.ts";
import { keepServiceData } from "./service-data.ts";
import { keepServices } from "./shared-service.ts";

const ADDRESS = "TEST_KEEPER";

/** Something that is kept: gives what a file is told of it. */
export interface Kept {
  give(slot: string): Promise<object>;
  end(): Promise<void>;
}

/** What the keeper gives to this file, or null: there is none. */
export async function ask<Given>(what: "plane" | "data" | "service"): Promise<Given | null> {
  const address = process.env[ADDRESS];
  if (address === undefined) return null;
  const response = await fetch(`${address}/${what}/${process.env["VITEST_POOL_ID"] ?? "0"}`, { method: "POST" });
  if (!response.ok) throw new Error(`the keeper of the ${what} failed: ${await response.text()}`);
  return (await response.json()) as Given;
}

export default async function keep(): Promise<() => Promise<void>> {
  const kept: Readonly<Record<string, Kept>> = { plane: keepPlanes(), data: keepServiceData(), service: keepServices() };
  const secret = randomBytes(16).toString("hex");
  const server = createServer((request, response) => {
    const [, given, what = "", slot = ""] = (request.url ?? "").split("/");
    const asked = given === secret ? kept[what] : undefined;
    if (asked === undefined) return void response.writeHead(404).end();
    asked.give(slot).then(
      (description) => response.end(JSON.stringify(description)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  process.env[ADDRESS] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${secret}`;
  return async () => {
    server.closeAllConnections();
    server.close();
    await Promise.all(Object.values(kept).map((one) => one.end()));
  };
}
