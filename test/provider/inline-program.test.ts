// The part of the tests that runs programs in their own process: what one command leaves is no harm to a later one.
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";
import * as settings from "@pulumi/pulumi/runtime/settings.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { expect, test } from "vitest";
import "../support/pulumi/inline-program.ts";

const { grpcClientOptions } = settings as unknown as { grpcClientOptions: object };

test("an engine at the address of one that could not be reached is reached", async () => {
  const port = await new Promise<number>((resolve) => {
    const place = createServer().listen(0, "127.0.0.1", () => {
      const { port } = place.address() as AddressInfo;
      place.close(() => resolve(port));
    });
  });
  const client = () => new engineGrpc.EngineClient(`127.0.0.1:${port}`, credentials.createInsecure(), grpcClientOptions);
  const ask = (asked: InstanceType<typeof engineGrpc.EngineClient>) => new Promise<string | null>((resolve) => asked.log(new engine.LogRequest(), (error: Error | null) => resolve(error?.message ?? null)));
  const early = client();
  expect(await ask(early)).toContain("ECONNREFUSED");
  const server = new Server();
  server.addService(engineGrpc.EngineService, { log: (_: unknown, answer: (error: null, response: object) => void) => answer(null, new empty.Empty()) } as never);
  await new Promise<void>((resolve, reject) => server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())));
  const late = client();
  expect(await ask(late)).toBeNull();
  for (const one of [early, late]) one.close();
  server.forceShutdown();
});
