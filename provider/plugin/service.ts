// The plugin's side of Pulumi's provider protocol: one method a call, each of them thin. What is done is resources.ts;
// what values look like on the wire, values.ts; how a call ends, answer.ts.
import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb.js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import { warnOfCredential } from "../credential-check.ts";
import { journal } from "../journal.ts";
import { lookUp } from "../lookup.ts";
import { markOfProvider } from "../mark.ts";
import { warnOfStrangers } from "../name-check.ts";
import { ownerComplaints } from "../owner-check.ts";
import { configure, looking, stopBy } from "../session.ts";
import { hasUnknown, isUnknown } from "../unknown.ts";
import { refusal, struct, values } from "./answer.ts";
import { cancel, rearm, signalHere, within } from "./operations.ts";
import { complaints, resourceOf, type Found } from "./resources.ts";
import { ownVersion, packageSchema, token } from "./schema.ts";
import { differences, plainValues, shown, type Values } from "./values.ts";

type Call<Request> = ServerUnaryCall<Request, unknown>;
type Method = (call: Call<never>, callback: sendUnaryData<unknown>) => void;

/** A call whose work may fail with a sentence. */
function serve<Request, Response>(work: (request: Request) => Promise<Response> | Response): Method {
  return (call, callback) => {
    Promise.resolve()
      .then(() => work(call.request as Request))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(refusal(error), null),
      );
  };
}

const typeOf = (urn: string): string => (urn.split("::")[2] ?? "").split("$").at(-1) ?? "";
/** Of the shape that messages and names are taken from. */
const selfOf = (urn: string): string => `plugin/${urn}`;

let provider = "";
/** The settings: url, token, caFile. */
let settings: Values = {};

const KINDS = { ADD: 0, DELETE: 2, UPDATE: 4 } as const;

export function providerService(): { [method: string]: Method } {
  stopBy(signalHere);
  return {
    handshake: serve(() => {
      const response = new providerPb.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      return response;
    }),
    getPluginInfo: serve(() => {
      const response = new pluginPb.PluginInfo();
      response.setVersion(ownVersion());
      return response;
    }),
    attach: serve(() => new emptyPb.Empty()),
    getSchema: serve(() => {
      const response = new providerPb.GetSchemaResponse();
      response.setSchema(JSON.stringify(packageSchema(ownVersion())));
      return response;
    }),
    checkConfig: serve(checkConfig),
    diffConfig: serve(diffConfig),
    configure: serve((request: InstanceType<typeof providerPb.ConfigureRequest>) => {
      rearm();
      provider = request.getId() ?? "";
      settings = plainValues(values(request.getArgs()));
      configure((key) => {
        const value = settings[key.replace(/^qualytics:/, "")];
        return typeof value === "string" && !hasUnknown(value) ? value : undefined;
      }, "servicetokens");
      const response = new providerPb.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    }),
    check: serve(check),
    diff: serve(diff),
    create: serve(create),
    read: serve(read),
    update: serve(update),
    delete: serve(async (request: InstanceType<typeof providerPb.DeleteRequest>) => {
      const resource = resourceOf(typeOf(request.getUrn()));
      await within(request.getTimeout(), () => resource.delete(request.getId(), plainValues(values(request.getProperties()))));
      return new emptyPb.Empty();
    }),
    invoke: serve(invoke),
    cancel: serve(() => {
      cancel();
      return new emptyPb.Empty();
    }),
  };
}

const SETTINGS = ["url", "token", "caFile"];

function checkConfig(request: InstanceType<typeof providerPb.CheckRequest>): unknown {
  const response = new providerPb.CheckResponse();
  const news = values(request.getNews());
  response.setInputs(struct(news));
  const failures = Object.entries(plainValues(news)).flatMap(([name, value]) => {
    if (!SETTINGS.includes(name)) return name === "version" || name.startsWith("__") || name === "pluginDownloadURL" ? [] : [failureOf(name, `there is no setting ${name}; there are ${SETTINGS.join(", ")}`)];
    return typeof value === "string" || hasUnknown(value) ? [] : [failureOf(name, "has to be a text")];
  });
  response.setFailuresList(failures);
  return response;
}

/** Other credentials, or another url, are no other resources: the record compares the url. */
function diffConfig(request: InstanceType<typeof providerPb.DiffRequest>): unknown {
  const response = new providerPb.DiffResponse();
  const isSame = JSON.stringify(plainValues(values(request.getOldInputs() ?? request.getOlds()))) === JSON.stringify(plainValues(values(request.getNews())));
  response.setChanges(isSame ? providerPb.DiffResponse.DiffChanges.DIFF_NONE : providerPb.DiffResponse.DiffChanges.DIFF_SOME);
  return response;
}

function failureOf(property: string, reason: string): InstanceType<typeof providerPb.CheckFailure> {
  const failure = new providerPb.CheckFailure();
  failure.setProperty(property);
  failure.setReason(reason);
  return failure;
}

async function check(request: InstanceType<typeof providerPb.CheckRequest>): Promise<unknown> {
  const urn = request.getUrn();
  const { kind, defaults } = resourceOf(typeOf(urn));
  const news = { ...defaults(urn.split("::").at(-1) ?? ""), ...values(request.getNews()) };
  const response = new providerPb.CheckResponse();
  response.setInputs(struct(news));
  const plain = plainValues(news);
  const [olds, self] = [values(request.getOlds()), selfOf(urn)];
  await warnOfCredential(olds);
  const found = [...complaints(kind, plain), ...(await ownerComplaints(kind, { ...plain, self }))];
  // A provider that a preview has yet to make has no id.
  if (found.length === 0 && kind !== "ServiceUser" && provider !== "" && !isUnknown(provider)) await warnOfStrangers({ kind, mark: markOfProvider(provider, urn), olds, self });
  response.setFailuresList(found.map(({ property, reason }) => failureOf(property, reason)));
  return response;
}

async function diff(request: InstanceType<typeof providerPb.DiffRequest>): Promise<unknown> {
  const urn = request.getUrn();
  const [olds, oldInputs, news] = [request.getOlds(), request.getOldInputs(), request.getNews()].map((from) => plainValues(values(from))) as [Values, Values, Values];
  const { changes, rotates, replaces = [] } = await resourceOf(typeOf(urn)).diff(request.getId(), olds, { ...news, self: selfOf(urn) });
  const response = new providerPb.DiffResponse();
  response.setChanges(changes ? providerPb.DiffResponse.DiffChanges.DIFF_SOME : providerPb.DiffResponse.DiffChanges.DIFF_NONE);
  if (!changes) return response;
  response.setReplacesList([...replaces]);
  const detail = response.getDetaileddiffMap();
  const changed = differences(oldInputs, news);
  for (const [path, kind] of changed) {
    const entry = new providerPb.PropertyDiff();
    entry.setKind((KINDS[kind] + (replaces.includes(path) ? 1 : 0)) as never);
    entry.setInputdiff(true);
    detail.set(path, entry);
  }
  // What is due by itself is no input: in a detailed diff the engine would show it as removed.
  response.setHasdetaileddiff(changed.size > 0);
  response.setDiffsList([...changed.keys(), ...(rotates ? ["token"] : changed.size === 0 ? ["nextAction"] : [])]);
  return response;
}

async function create(request: InstanceType<typeof providerPb.CreateRequest>): Promise<unknown> {
  const urn = request.getUrn();
  const resource = resourceOf(typeOf(urn));
  const inputs = { ...plainValues(values(request.getProperties())), self: selfOf(urn) };
  const response = new providerPb.CreateResponse();
  if (request.getPreview()) {
    const { outputs, unknown } = await resource.foretold("", null, inputs);
    response.setProperties(struct(shown(outputs, unknown)));
    return response;
  }
  const { id, outputs } = await within(request.getTimeout(), () => resource.create(markOfProvider(provider, urn), inputs));
  await journal(selfOf(urn)).debug(`created as ${id}`);
  response.setId(id);
  response.setProperties(struct(shown(outputs)));
  return response;
}

async function read(request: InstanceType<typeof providerPb.ReadRequest>): Promise<unknown> {
  const urn = request.getUrn();
  const resource = resourceOf(typeOf(urn));
  const outputs = plainValues(values(request.getProperties()));
  const isNew = Object.keys(outputs).length === 0;
  const look = (): Promise<Found> => (isNew ? resource.adopt(request.getId(), markOfProvider(provider, urn), selfOf(urn)) : resource.read(request.getId(), outputs, selfOf(urn)));
  const found = await within(request.getTimeout(), () => looking(look()));
  const response = new providerPb.ReadResponse();
  response.setId(found.id);
  if (found.id === "") return response;
  response.setProperties(struct(shown(found.outputs)));
  response.setInputs(struct(found.inputs ?? values(request.getInputs())));
  return response;
}

async function update(request: InstanceType<typeof providerPb.UpdateRequest>): Promise<unknown> {
  const urn = request.getUrn();
  const resource = resourceOf(typeOf(urn));
  const olds = plainValues(values(request.getOlds()));
  const news = { ...plainValues(values(request.getNews())), self: selfOf(urn) };
  const response = new providerPb.UpdateResponse();
  if (request.getPreview()) {
    const { outputs, unknown } = await resource.foretold(request.getId(), olds, news);
    response.setProperties(struct(shown(outputs, unknown)));
    return response;
  }
  const outputs = await within(request.getTimeout(), () => resource.update(request.getId(), olds, news));
  response.setProperties(struct(shown(outputs)));
  return response;
}

async function invoke(request: InstanceType<typeof providerPb.InvokeRequest>): Promise<unknown> {
  const response = new providerPb.InvokeResponse();
  if (request.getTok() !== token("getServiceUser")) throw new Error(`servicetokens has no function ${request.getTok()}: there is ${token("getServiceUser")}.`);
  response.setReturn(struct({ ...(await lookUp(plainValues(values(request.getArgs())))) }));
  return response;
}
