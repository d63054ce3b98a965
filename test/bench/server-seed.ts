// Many tokens in a service's data, put there at once: issuing them one by one is not what is measured.
import { type Undo, openData, takeApart } from "../../server/open-data.ts";
import { migrate } from "../../server/storage/migration.ts";

const users = 200;

/** The folder must not be in use. */
export async function seedTokens(data: string, count: number): Promise<void> {
  const undo: Undo = [];
  try {
    const { database } = await openData(data, { warn: () => undefined }, undo);
    await migrate(database);
    await database.query(
      `insert into servicetokens.account (user_id, name, kind, role, email, created)
       select 'bench_' || n || '@service', 'Bench ' || n, 'Service', 'Member', 'bench_' || n || '@service', now() from generate_series(1, $1::int) n`,
      [users],
    );
    await database.query(
      `insert into servicetokens.token (account_id, name, created, expiration, last_used, scim_only, hash)
       select a.id, 'bench-token-of-a-usual-length-' || n, date_trunc('second', now()), date_trunc('second', now()) + interval '90 days', date_trunc('second', now()), false, decode(md5(n::text) || md5('x' || n), 'hex')
         from generate_series(1, $1::int) n join servicetokens.account a on a.user_id = 'bench_' || (n % $2::int + 1) || '@service'`,
      [count, users],
    );
  } finally {
    await takeApart(undo);
  }
}
