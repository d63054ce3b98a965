// `servicetokens server`: the token service until a signal ends it. Its flags are made
// from the table of settings.
import type { Command } from "commander";
import { type SettingRow, flagOf, groups, variableOf, type SettingName } from "../server/settings/setting-table.ts";
import { announce, fail } from "./failure.ts";

const after = `
Each setting can be given as a flag, as a variable of the environment, or in the YAML file of --config; a flag wins over
the environment, and both over the file. Lists are given by repeating the flag, or with commas in the environment.

Secrets come from the environment only:
  JWT_SIGNING_SECRET           the key that signs tokens, at least 32 characters; without it one is made and kept with the data
  JWT_SIGNING_SECRET_PREVIOUS  older keys that are still accepted, between white space

Once it answers it prints one JSON line, {"url": "…"}. SIGTERM and SIGINT stop it after the answers under way, a second one
at once; SIGHUP reads certificate and signing keys again.

  servicetokens server --data ./data --admin-token-file ./admin-token
  servicetokens server --config token-service.yaml`;

export function addServerCommand(program: Command): void {
  const command = program
    .command("server")
    .description("run the token service")
    .option("--config <file>", "a YAML file with settings by their names below, as in adminTokenFile")
    .addHelpText("after", after)
    .action((flags: Record<string, unknown>) => serve(flags));
  for (const [title, settings] of Object.entries(groups)) {
    command.optionsGroup(`${title}:`);
    for (const [name, row] of Object.entries(settings) as [SettingName, SettingRow][]) addFlag(command, name, row);
  }
}

function addFlag(command: Command, name: SettingName, row: SettingRow): void {
  const said = row.initial === undefined ? "" : `; default ${String(row.initial)}`;
  const help = `${row.help}${said} [${variableOf(name, row)}]`;
  const { kind } = row;
  if (kind === "list") command.option(`${flagOf(name)} <${row.shown ?? "value"}>`, help, (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value]);
  else if (kind === "switch") command.option(`${flagOf(name)} [yes]`, help);
  else command.option(`${flagOf(name)} <${row.shown ?? (kind === "duration" ? "DURATION" : "N")}>`, help);
}

async function serve(flags: Record<string, unknown>): Promise<void> {
  const [{ startServer }, { readSettings }] = await Promise.all([import("../server/start.ts"), import("../server/settings/settings.ts")]);
  const config = flags["config"] as string | undefined;
  const server = await startServer(readSettings({ flags, environment: process.env, file: config ?? process.env["SERVICETOKENS_CONFIG"] }));
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(1);
    stopping = true;
    server.close().then(() => process.exit(0), fail);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("SIGHUP", () => void server.reload().catch(() => undefined));
  announce({ url: server.url });
}
