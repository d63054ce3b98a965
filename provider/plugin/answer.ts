// How a call ends on the wire: an answer, a refusal in a sentence, or "exists, but not all was done", which the engine
// keeps with the resource and tries again.
import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import anyPb from "google-protobuf/google/protobuf/any_pb.js";
import structPb from "google-protobuf/google/protobuf/struct_pb.js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import statusPb from "@pulumi/pulumi/proto/status_pb.js";
import { PartialFailure, sentence } from "../failure.ts";
import { shown, type Values } from "./values.ts";

export type Struct = InstanceType<typeof structPb.Struct>;

export const struct = (values: Values): Struct => structPb.Struct.fromJavaScript(values as never);
export const values = (from: Struct | undefined): Values => (from?.toJavaScript() ?? {}) as Values;

export function refusal(error: unknown): ServiceError {
  const message = sentence(error);
  const metadata = error instanceof PartialFailure ? partly(error, message) : new Metadata();
  return Object.assign(new Error(message), { code: status.UNKNOWN, details: message, metadata });
}

function partly({ id, properties, reasons }: PartialFailure, message: string): Metadata {
  const detail = new providerPb.ErrorResourceInitFailed();
  detail.setId(id);
  detail.setProperties(struct(shown(properties as Values)));
  detail.setReasonsList([...reasons]);
  const any = new anyPb.Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const told = new statusPb.Status();
  told.setCode(status.UNKNOWN);
  told.setMessage(message);
  told.addDetails(any);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(told.serializeBinary()));
  return metadata;
}
