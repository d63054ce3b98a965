// `make kill-server N=…`: kills the token service N times on each storage while it is
// written to. On PostgreSQL every fifth kill takes the database server along.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { verifyAudit } from "../../server/data-command.ts";
import { killRounds } from "../server/kill-rounds.ts";
import { startPostgres, whyNoPostgres } from "../server/postgres-cluster.ts";
import { Random } from "../simulation/random.ts";
import { startGuarded } from "../support/child.ts";
import { startTokenService } from "../support/token-service.ts";

const [kills = 100, seed = 1] = process.argv.slice(2).map(Number);
const program = join(import.meta.dirname, "../../cli/main.ts");
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function onStorage(name: string, data: string, between?: (kill: number) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kill-server-"));
  const adminTokenFile = join(folder, "admin-token");
  const random = new Random(seed);
  const started = performance.now();
  try {
    const outcome = await killRounds({
      kills,
      random: () => random.next(),
      start: () => startTokenService({ data, adminTokenFile, inProcess: false }),
      killStart: async (afterMs) => {
        const child = await startGuarded(folder, "starting", [process.execPath, program, "server", "--listen", "127.0.0.1:0", "--data", data, "--admin-token-file", adminTokenFile]);
        await sleep(afterMs);
        await child.stop("SIGKILL");
      },
      ...(between === undefined ? {} : { between }),
      onKill: (kill, answered) => {
        if (kill % 10 === 0) say(`  ${name}: ${kill} kills, ${answered} answered writes, none lost`);
      },
    });
    const audit = await verifyAudit({ data });
    say(`${name}: ${outcome.kills} kills, ${outcome.answeredWrites} answered writes, 0 lost, ${JSON.stringify(audit)}, ${((performance.now() - started) / 1_000).toFixed(0)} s`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const folder = mkdtempSync(join(tmpdir(), "kill-data-"));
try {
  await onStorage("PGlite", join(folder, "data"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (whyNoPostgres() === undefined) {
  const cluster = await startPostgres();
  try {
    await onStorage("PostgreSQL", await cluster.createDatabase("kills"), async (kill) => {
      if (kill % 5 !== 0) return;
      await cluster.crash();
      await cluster.start();
    });
  } finally {
    await cluster.close();
  }
} else say(`PostgreSQL left out: ${whyNoPostgres() ?? ""}`);
