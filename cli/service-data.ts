// Commands at the data of a token service, without a running one: audit, keys, backup.
// Decides how they are called and what they print; what they do is in server/.
import type { Command } from "commander";
import type * as DataCommand from "../server/data-command.ts";
import { announce } from "./failure.ts";

const data = ["--data <where>", "the service's data: its folder, or postgres://…"] as const;

export function addDataCommands(program: Command): void {
  const audit = program.command("audit").description("the token service's audit log");
  audit
    .command("verify")
    .description("check that no entry was changed, removed or added behind the service's back")
    .requiredOption(...data)
    .option("--expect <number:hash>", "an end of the log that was written down earlier, and has to be part of it")
    .addHelpText("after", "\nPrints one JSON line with the number of entries and the end of the log. Keep that line where the service cannot write,\nand give it with --expect the next time: a log that was cut short or written anew is whole in itself. Exit code 1: broken.")
    .action(async (options: { data: string; expect?: string }) => announce(await (await work()).verifyAudit(options)));
  audit
    .command("export")
    .description("print all entries, the oldest first, a JSON line each")
    .requiredOption(...data)
    .action(async (options: { data: string }) => (await work()).exportAudit(options));

  const key = program.command("key").description("the keys that sign the token service's tokens");
  key
    .command("list")
    .description("the fingerprints of all keys that are accepted, the signing one first")
    .requiredOption(...data)
    .action(async (options: { data: string }) => announce({ keys: await (await work()).listKeys(options) }));
  key
    .command("rotate")
    .description("sign with a new key from now on; tokens that are out stay valid")
    .requiredOption(...data)
    .addHelpText("after", "\nServices on PostgreSQL notice at once. The folder of a running service is in use: stop it first.")
    .action(async (options: { data: string }) => announce({ keys: await (await work()).rotateKey(options) }));
  key
    .command("retire")
    .description("no longer accept an older key; refused while usable tokens were signed with it")
    .argument("<fingerprint>", "as `key list` prints it")
    .requiredOption(...data)
    .option("--revoke", "revoke those tokens, for a key that somebody else may know", false)
    .action(async (fingerprint: string, options: { data: string; revoke: boolean }) => announce({ keys: await (await work()).retireKey({ ...options, fingerprint }) }));

  program
    .command("backup")
    .description("write all data of a token service into one file")
    .requiredOption(...data)
    .requiredOption("--to <file>", "a new file; it holds the signing keys, so keep it as you keep those")
    .addHelpText("after", "\nOn PostgreSQL services may go on meanwhile. The folder of a running service is in use: stop it first.")
    .action(async (options: { data: string; to: string }) => announce(await (await work()).backup(options)));
  program
    .command("restore")
    .description("bring such a file into an empty folder or database, also of the other storage")
    .requiredOption(...data)
    .requiredOption("--from <file>", "what `backup` wrote")
    .action(async (options: { data: string; from: string }) => announce(await (await work()).restore(options)));
}

/** Loaded when it is needed: the database takes longer to load than --help should. */
function work(): Promise<typeof DataCommand> {
  return import("../server/data-command.ts");
}
