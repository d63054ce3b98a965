// N tokens by `pulumi up` at 50 ms of API latency: ours, the same provider written as the tutorials do (its code captured
// in the state), and N resources that do nothing. One after the other in one run, with the real CLI.
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
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

const NOTHING = `
const pulumi = require("@pulumi/pulumi");
class Nothing extends pulumi.CustomResource {
  constructor(name) { super("pulumi-nodejs:dynamic:Resource", name, { __provider: 'exports.handler=()=>({create:async()=>({id:"x",outs:{}}),diff:async()=>({changes:false})})' }); }
}
for (let i = 0; i < ${n}; i++) new Nothing("nothing-" + i);
`;

interface Row {
  readonly what: string;
  readonly create: number;
  readonly again: number;
  readonly bytes: number;
  readonly peak: number;
}

/** Watches the process that runs the handlers; its peak in MB. */
function watchProvider(child: ChildProcess, seen: { peak: number }): void {
  const timer = setInterval(() => {
    for (const { pid, args } of descendants(child.pid ?? 0)) {
      if (!args.includes("cmd/dynamic-provider")) continue;
      try {
        const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
        seen.peak = Math.max(seen.peak, Number(peak ?? "0") / 1_024);
      } catch {
        // It has ended meanwhile, or this is no Linux.
      }
    }
  }, 250);
  child.once("close", () => clearInterval(timer));
}

async function measure(what: string, program: string): Promise<Row> {
  const api = spawn(process.execPath, [join(import.meta.dirname, "stub-api.ts"), String(LATENCY)], { stdio: ["ignore", "pipe", "inherit"] });
  const { url } = JSON.parse(await new Promise<string>((resolve) => api.stdout.setEncoding("utf8").once("data", resolve))) as { url: string };
  const workspace = await Workspace.create({ program, alone: true, passphrase: true, env: { QUALYTICS_URL: url, QUALYTICS_TOKEN: "admin" } });
  try {
    const seen = { peak: 0 };
    const up = async (): Promise<number> => {
      const { code, seconds, text } = await workspace.pulumi(["up", "--yes", "--skip-preview", "--suppress-outputs"], (child) => watchProvider(child, seen));
      if (code !== 0) throw new Error(text.slice(-2_000));
      return seconds;
    };
    const create = await up();
    const again = await up();
    const file = join(workspace.folder, "state", ".pulumi", "stacks", "tokens", "dev.json");
    return { what, create, again, bytes: statSync(file).size / n, peak: seen.peak };
  } finally {
    workspace.remove();
    api.kill("SIGKILL");
  }
}

const rows: Row[] = [];
for (const [what, program] of [["ours", OURS], ["as the tutorials do", TUTORIAL], ["nothing", NOTHING]] as const) {
  rows.push(await measure(what, program));
  const { create, again, bytes, peak } = rows.at(-1) as Row;
  console.log(`${what.padEnd(20)} up ${create.toFixed(1)} s   again ${again.toFixed(1)} s   state ${Math.round(bytes)} B a resource   provider's peak ${Math.round(peak)} MB`);
}
const [ours, tutorial, nothing] = rows as [Row, Row, Row];
const claims: [string, boolean][] = [
  [`creates ${(tutorial.create / ours.create).toFixed(1)} x as fast as the tutorials' (at least 2.5)`, tutorial.create >= 2.5 * ours.create],
  [`${Math.round(ours.bytes)} bytes of state a resource (at most 2048)`, ours.bytes <= 2_048],
  [`an up without change takes ${(ours.again / nothing.again).toFixed(2)} x that of resources that do nothing (at most 1.5)`, ours.again <= 1.5 * nothing.again],
  [`the provider's process peaks at ${Math.round(ours.peak)} MB (at most 150)`, ours.peak <= 150],
];
for (const [claim, holds] of claims) console.log(`${holds ? "✓" : "✗"} ${claim}`);
process.exitCode = claims.every(([, holds]) => holds) ? 0 : 1;
