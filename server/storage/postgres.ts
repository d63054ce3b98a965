// PostgreSQL over the network. Decides pool size, time limits and which errors mean
// "not reachable now"; must not know the tables.
import { Pool, type PoolClient } from "pg";
import { StartError, reasonOf } from "../start-error.ts";
import { type Database, DatabaseUnavailable, type Queryable } from "./database.ts";

const poolSize = 10;
const connectTimeoutMs = 5_000;

export async function openPostgres(url: string, onLost: (cause: Error) => void): Promise<Database> {
  const pool = new Pool({ connectionString: url, max: poolSize, connectionTimeoutMillis: connectTimeoutMs, application_name: "servicetokens" });
  // An idle connection that breaks is replaced by the pool; unheard, the event would end the process.
  pool.on("error", onLost);
  try {
    await pool.query("select 1");
  } catch (cause) {
    await pool.end();
    // The URL may hold a password: the sentence names none of it.
    throw new StartError("database-unreachable", `The PostgreSQL database of --data cannot be used: check that it runs and that address, user and password are right (${reasonOf(cause)}).`, cause);
  }
  return {
    shared: true,
    query: queryOn(pool),
    transaction: (work) => inTransaction(pool, work),
    close: () => pool.end(),
  };
}

function queryOn(target: Pool | PoolClient): Queryable["query"] {
  return async <Row>(text: string, values: readonly unknown[] = []) => {
    try {
      const result = await target.query(text, [...values]);
      return result.rows as Row[];
    } catch (cause) {
      throw isConnectionLoss(cause) ? new DatabaseUnavailable(cause) : cause;
    }
  };
}

async function inTransaction<Result>(pool: Pool, work: (inside: Queryable) => Promise<Result>): Promise<Result> {
  const client = await pool.connect().catch((cause: unknown) => {
    throw new DatabaseUnavailable(cause);
  });
  const inside: Queryable = { query: queryOn(client) };
  let broken: Error | undefined;
  try {
    await inside.query("begin");
    const result = await work(inside);
    await inside.query("commit");
    return result;
  } catch (cause) {
    broken = await client.query("rollback").then(
      () => undefined,
      (failure: Error) => failure,
    );
    throw cause;
  } finally {
    // A connection that could not roll back must not be handed to the next one.
    client.release(broken);
  }
}

/** SQLSTATE class 08, the server's shutdown codes, and what the socket says. */
function isConnectionLoss(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const { code } = cause as NodeJS.ErrnoException;
  if (code === undefined) return /connection terminated|timeout exceeded when trying to connect|connection error/i.test(cause.message);
  return /^(08|57P|53300|ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOENT)/.test(code);
}
