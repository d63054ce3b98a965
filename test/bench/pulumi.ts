// N tokens by `pulumi up` at 50 ms of API latency: ours, the same provider written as the tutorials do (its code captured
// in the state), and N resources that do nothing; and the plugin. One after the other in one run, with the real CLI.
import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { cpuOf } from "./process-time.ts";
import { show } from "./report.ts";
import { engineFolder } from "../support/pulumi/engine.ts";
import { builtPackage } from "../support/pulumi/package.ts";
import { descendants } from "../support/pulumi/processes.ts";
import { Workspace } from "../support/pulumi/workspace.ts";

const LATENCY = 50;
const n = Number(process.argv[2] ?? "500");

const OURS = `
const { ServiceToken } = require("qualytics-servicetokens");
for (let i = 0; i < ${n}; i++) new ServiceToken("token-" + i, { serviceUser: { id: 7 }, expiresInDays: 90, rotation: { verify: false } });
`;

/** As the documentation of dynamic providers has it: a class with its code, which the SDK stores with every resource. */
const TUTORIAL = `
const pulumi = require("@pulumi/pulumi");
const call = async (method, path, body) => {
  const response = await fetch(process.env.QUALYTICS_URL + "/api/" + path, {
    method,
    headers: { authorization: "Bearer " + process.env.QUALYTICS_TOKEN, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error("the token API answered " + response.status);
  return response.status === 204 ? undefined : await response.json();
};
const provider = {
  async diff(id, olds, news) {
    const replaces = ["name", "userId", "expiresInDays"].filter((name) => olds[name] !== news[name]);
    return { changes: replaces.length > 0, replaces };
  },
  async create(inputs) {
    const token = await call("POST", "user-tokens", { name: inputs.name, user_id: inputs.userId, expires_in_days: inputs.expiresInDays });
    return { id: String(token.id), outs: { ...inputs, token: token.bearer_token, expiration: token.expiration } };
  },
  async read(id, props) {
    const tokens = await call("GET", "user-tokens/service");
    return tokens.some((token) => String(token.id) === id) ? { id, props } : { id: "", props: {} };
  },
  async delete(id) {
    await call("PUT", "user-tokens/" + id, { revoke: true });
    await call("DELETE", "user-tokens/" + id);
  },
};
class Token extends pulumi.dynamic.Resource {
  constructor(name, args, options) {
    super(provider, name, { token: undefined, expiration: undefined, ...args }, { ...options, additionalSecretOutputs: ["token"] });
  }
}
for (let i = 0; i < ${n}; i++) new Token("token-" + i, { name: "token-" + i, userId: 7, expiresInDays: 90 });
`;

/** The plugin, as a program of any language declares its resources. */
const PLUGIN = `
const pulumi = require("@pulumi/pulumi");
class ServiceToken extends pulumi.CustomResource {
  constructor(name, args) { super("servicetokens:index:ServiceToken", name, { token: undefined, ...args }); }
}
for (let i = 0; i < ${n}; i++) new ServiceToken("token-" + i, { serviceUser: { id: 7 }, expiresInDays: 90, rotation: { verify: false } });
`;

const NOTHING = `
const pulumi = require("@pulumi/pulumi");
class Nothing extends pulumi.CustomResource {
  constructor(name) { super("pulumi-nodejs:dynamic:Resource", name, { __provider: 'exports.handler=()=>({create:async()=>({id:"x",outs:{}}),diff:async()=>({changes:false})})' }); }
}
for (let i = 0; i < ${n}; i++) new Nothing("nothing-" + i);
`;

/**
 * The same with a token's inputs and outputs, of the same lengths and one of them secret: the CLI writes every property of
 * every resource twice for each resource that it creates, and this is what it takes for any provider with as many.
 */
const SHOWN = `
const pulumi = require("@pulumi/pulumi");
const announced = Object.fromEntries(Object.keys(require("./shown.js").outs).map((output) => [output, undefined]));
class Shown extends pulumi.CustomResource {
  constructor(name) {
    const provider = 'exports.handler=()=>require(process.cwd()+"/shown.js").provider';
    super("pulumi-nodejs:dynamic:Resource", name, { ...announced, serviceUser: { id: 7 }, expiresInDays: 90, self: "abcdef-abcdefghi", __provider: provider }, { additionalSecretOutputs: ["token"] });
  }
}
for (let i = 0; i < ${n}; i++) new Shown("shown-" + i);
`;

/** Its provider, which does nothing. */
const SHOWN_PROVIDER = `
const date = "2027-01-01T00:00:00Z";
const next = "Rotate at 2027-01-26T18:13:45Z: revision 1 is due for renewal";
exports.outs = { token: "s".repeat(300), tokenId: 1, tokenName: "token-100-abcdef-abcdefghi-r1", revision: 1, expiresAt: date, renewAt: date, usage: "NotUsed", state: "Active", nextAction: next, retiring: [], record: "r".repeat(90), rotation: "v-" };
exports.provider = { create: async () => ({ id: "x", outs: { ...exports.outs } }), diff: async () => ({ changes: false }) };
`;

interface Row {
  readonly what: string;
  readonly create: number;
  readonly again: number;
  /** CPU seconds of the CLI and all that it started, of the first and the second update. */
  readonly cpu: readonly [number, number];
  /** Token lists that the second update sent, and tokens that it issued. */
  readonly lists: number;
  readonly issued: number;
  readonly bytes: number;
  readonly peak: number;
}

interface Seen {
  /** Of the process that runs the handlers, MiB. */
  peak: number;
  readonly cpu: Map<number, number>;
}

/** What runs the handlers: the SDK's process for dynamic providers, or the plugin. */
const HANDLERS = /cmd\/dynamic-provider|plugin\/main\.js/;

/** Watches the CLI and all that it starts. */
function watchProcesses(child: ChildProcess, seen: Seen): void {
  const look = ({ pid, args }: { pid: number; args: string }): void => {
    try {
      seen.cpu.set(pid, cpuOf(pid));
      if (!HANDLERS.test(args)) return;
      const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
      seen.peak = Math.max(seen.peak, Number(peak ?? "0") / 1_024);
    } catch {
      // It has ended meanwhile, or this is no Linux.
    }
  };
  const timer = setInterval(() => [{ pid: child.pid ?? 0, args: "" }, ...descendants(child.pid ?? 0)].forEach(look), 250);
  child.once("close", () => clearInterval(timer));
}

/** Puts the plugin where the CLI looks for it; the variable that says so. */
function plugin(folder: string): { PATH: string } {
  const bin = join(folder, "bin");
  const file = join(bin, "pulumi-resource-servicetokens");
  mkdirSync(bin);
  writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${join(builtPackage(), "dist", "provider", "plugin", "main.js")}" "$@"\n`);
  chmodSync(file, 0o755);
  return { PATH: [bin, engineFolder(), dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter) };
}

async function measure(what: string, program: string): Promise<Row> {
  const api = spawn(process.execPath, [join(import.meta.dirname, "stub-api.ts"), String(LATENCY)], { stdio: ["ignore", "pipe", "inherit"] });
  const { url } = JSON.parse(await new Promise<string>((resolve) => api.stdout.setEncoding("utf8").once("data", resolve))) as { url: string };
  const workspace = await Workspace.create({ program, files: { "shown.js": SHOWN_PROVIDER }, alone: true, passphrase: true, env: { QUALYTICS_URL: url, QUALYTICS_TOKEN: "admin" } });
  workspace.setEnv({ NODE_COMPILE_CACHE: null });
  if (program === PLUGIN) workspace.setEnv(plugin(workspace.folder));
  try {
    let peak = 0;
    const up = async (): Promise<{ seconds: number; cpu: number }> => {
      const seen: Seen = { peak: 0, cpu: new Map() };
      const { code, seconds, text } = await workspace.pulumi(["up", "--yes", "--skip-preview", "--suppress-outputs"], (child) => watchProcesses(child, seen));
      if (code !== 0) throw new Error(text.slice(-2_000));
      peak = Math.max(peak, seen.peak);
      return { seconds, cpu: [...seen.cpu.values()].reduce((sum, value) => sum + value, 0) };
    };
    const stats = async (): Promise<{ lists: number; issued: number }> => (await (await fetch(`${url}/stats`)).json()) as { lists: number; issued: number };
    const create = await up();
    const before = await stats();
    const again = await up();
    const after = await stats();
    const file = join(workspace.folder, "state", ".pulumi", "stacks", "tokens", "dev.json");
    const counted = { lists: after.lists - before.lists, issued: after.issued - before.issued, bytes: statSync(file).size / n, peak };
    return { what, create: create.seconds, again: again.seconds, cpu: [create.cpu, again.cpu], ...counted };
  } finally {
    workspace.remove();
    api.kill("SIGKILL");
  }
}

const rows: Row[] = [];
for (const [what, program] of [["nothing: the floor", NOTHING], ["nothing, with a token's outputs", SHOWN], ["as the tutorials do", TUTORIAL], ["ours", OURS], ["ours, the plugin", PLUGIN]] as const) rows.push(await measure(what, program));
const [nothing, shown, tutorial, ours, asPlugin] = rows as [Row, Row, Row, Row, Row];
const [faster, slower] = [tutorial.create / ours.create, ours.again / nothing.again];

show({
  name: "bench-pulumi",
  title: `${n} resources by \`pulumi up\` at ${LATENCY} ms of API latency, one after the other in one run; the floor is as many resources that do nothing, the second row the same with the inputs and outputs of a token; the tutorials' provider has its code captured in the state. That floor would be ${(tutorial.create / shown.create).toFixed(2)} x as fast as the tutorials'`,
  head: ["run", "up s", "again s", "up, CPU s", "again, CPU s", "lists in the second", "state B a resource", "provider's peak MiB"],
  rows: rows.map(({ what, create, again, cpu, lists, bytes, peak }) => [what, create.toFixed(1), again.toFixed(1), ...cpu.map((seconds) => seconds.toFixed(1)), String(lists), String(Math.round(bytes)), String(Math.round(peak))]),
  budgets: [
    { what: "up, beside the tutorials'", limit: "2.5 x as fast", seen: `${faster.toFixed(2)} x`, kept: faster >= 2.5 },
    { what: "state a resource", limit: "2048 B", seen: `${Math.round(ours.bytes)} B`, kept: ours.bytes <= 2_048 },
    { what: "second up, beside the floor's", limit: "1.5 x", seen: `${slower.toFixed(2)} x`, kept: slower <= 1.5 },
    { what: "the second up at the API", limit: "1 list, 0 tokens issued", seen: `${ours.lists} lists, ${ours.issued} tokens issued`, kept: ours.lists <= 1 && ours.issued === 0 },
    { what: "provider's process, peak", limit: "150 MiB", seen: `${Math.round(ours.peak)} MiB`, kept: ours.peak <= 150 },
    { what: "the plugin's process, peak", limit: "150 MiB", seen: `${Math.round(asPlugin.peak)} MiB`, kept: asPlugin.peak <= 150 },
  ],
});
