// A stack's state as a released version wrote it, with what the token API answered then: to be read by the present
// version. `node test/support/pulumi/recorded.ts FILE` records one with the sources as they are.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync, writeFileSync } from "node:fs";
import { startWorld } from "./world.ts";

/** In place of the recording's own address. */
const URL_THEN = "http://tokens.example";

export interface Recorded {
  /** The package's version, and what was special about it. */
  readonly version: string;
  readonly arguments: { readonly [name: string]: object };
  /** What `pulumi stack export` printed; its secrets are encrypted with the passphrase "test". */
  readonly deployment: object;
  /** Path to answer, for the three lists. */
  readonly answers: { readonly [path: string]: unknown };
}

/** The program of a recording: what it declares is in the environment. */
export const RECORDED_PROGRAM = `
const { PersonalToken, ServiceToken, ServiceUser } = require("qualytics-servicetokens");
const declared = JSON.parse(process.env.DECLARED);
new ServiceUser("user", declared.user);
for (const name of ["never", "rotated", "revoked"]) new ServiceToken(name, declared[name], { protect: name === "never" });
new PersonalToken("mine", declared.mine);
`;

/** Nothing in it falls due for ten years. */
const LONG = { retire: { minOverlap: "1h", maxOverlap: "87600h" }, keepRevokedFor: "87600h" };

const DECLARED = {
  user: { name: "Data Export", role: "Editor", teams: ["Public"] },
  never: { serviceUser: { name: "Data Ingest" }, neverExpires: true, tokenName: "data-ingest" },
  rotated: { serviceUser: { name: "Data Ingest" }, neverExpires: true, rotation: LONG, trigger: "first" },
  revoked: { serviceUser: { name: "Data Ingest" }, neverExpires: true, deletionPolicy: "Revoke", state: "Active" },
  mine: { neverExpires: true },
};

const PATHS = ["/api/users/me", "/api/users", "/api/user-tokens/service", "/api/user-tokens"];

export const readRecorded = (file: string | URL): Recorded => JSON.parse(readFileSync(file, "utf8")) as Recorded;

export interface Replay {
  readonly url: string;
  readonly deployment: string;
  /** Requests that are no list: nothing is to be written. */
  readonly writes: readonly string[];
  close(): Promise<void>;
}

/** Serves what the API answered then, to whoever asks. */
export async function replay({ deployment, answers }: Recorded): Promise<Replay> {
  const writes: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    if (request.method !== "GET" || !(path in answers)) {
      writes.push(`${request.method} ${path}`);
      response.writeHead(500).end();
      return;
    }
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answers[path]));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    deployment: JSON.stringify(deployment).replaceAll(URL_THEN, url),
    writes,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export async function record(file: string, version: string): Promise<void> {
  const world = await startWorld({ program: RECORDED_PROGRAM, alone: true, passphrase: true, env: { DECLARED: JSON.stringify(DECLARED) } });
  try {
    const declared = structuredClone(DECLARED);
    const up = async (): Promise<void> => {
      world.workspace.setEnv({ DECLARED: JSON.stringify(declared) });
      const { code, text } = await world.workspace.up();
      if (code !== 0) throw new Error(text);
    };
    await up();
    declared.rotated.trigger = "second";
    declared.revoked.state = "Revoked";
    await up();
    const { stdout } = await world.workspace.pulumi(["stack", "export"]);
    const answers: { [path: string]: unknown } = {};
    for (const path of PATHS) answers[path] = (await world.service.api("GET", path === "/api/users" ? "/api/users?type=Service&include_deleted=true&size=100" : path)).body;
    // Where the recording's machine keeps its modules is nobody's business.
    const neutral = stdout.replaceAll(world.wire.url, URL_THEN).replace(/project:\/\/\/(\.\.\/)+[^"]*node_modules\//g, "project:///node_modules/");
    const deployment = JSON.parse(neutral) as object;
    const recorded: Recorded = { version, arguments: declared, deployment, answers };
    writeFileSync(file, `${JSON.stringify(recorded, null, 1)}\n`);
  } finally {
    await world.close();
  }
}

const [, self, file, version = "unknown"] = process.argv;
if (self === import.meta.filename && file !== undefined) await record(file, version);
