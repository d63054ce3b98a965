#!/usr/bin/env node
// `pulumi-resource-servicetokens`: the plugin that the engine starts. Its address is the first argument; our port is
// the first line we print.
import "../small-heap.ts";
import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { providerService } from "./service.ts";

/** The engine sends whole states. */
const MOST_BYTES = 400 * 1024 * 1024;

const server = new Server({ "grpc.max_receive_message_length": MOST_BYTES });
// Calls that are not served answer UNIMPLEMENTED by themselves.
server.addService((providerGrpc as unknown as { ResourceProviderService: never }).ResourceProviderService, providerService() as UntypedServiceImplementation);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    process.stderr.write(`pulumi-resource-servicetokens: ${error.message}\n`);
    process.exit(1);
  }
  process.stdout.write(`${port}\n`);
});
