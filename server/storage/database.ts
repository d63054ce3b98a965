// The one way to the database. Decides what the rest of the service may ask of it;
// must not know which engine answers.

export interface Queryable {
  query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface Database extends Queryable {
  /** Other processes may write too, so nothing read earlier may be trusted. */
  readonly shared: boolean;
  /** Another number after every write, from before it is answered. Absent where others write too. */
  readonly writes?: () => number;
  /** Commits when `work` fulfils, rolls back when it rejects. */
  transaction<Result>(work: (inside: Queryable) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** The database went away: the request may be sent again later. */
export class DatabaseUnavailable extends Error {
  override readonly name = "DatabaseUnavailable";

  constructor(cause: unknown) {
    super("The database cannot be reached.", { cause });
  }
}
