import type { Database } from 'better-sqlite3';

/** A row of a table of any version. */
export type Row = Readonly<Record<string, unknown>>;

/** How far from what is damaged something readable is looked for. */
const FARTHEST = 2 ** 45;
/** How often in a row it is looked for in vain: a damaged table may pretend to have no end. */
const FRUITLESS = 50;

/** Rows up to where a table is damaged; none when it cannot be read at all. */
export function* rowsOf(db: Database, sql: string): Generator<Row> {
  try {
    for (const row of db.prepare<[], Row>(sql).iterate()) yield row;
  } catch {
    // This is where it is damaged.
  }
}

/** The rows of a small table from both ends up to where it is damaged: each may come twice. */
export function* rowsFromBothEnds(db: Database, table: string, keys: readonly string[]): Generator<Row> {
  for (const direction of ['ASC', 'DESC'])
    yield* rowsOf(
      db,
      `SELECT * FROM ${table} ORDER BY ${keys.map((key) => `${key} ${direction}`).join(', ')}`,
    );
}

/** The entries of a damaged journal that can be read, by rising position, around what is damaged. */
export function* readableEntries(db: Database): Generator<Row & { readonly position: number }> {
  let after = 0;

  /** Whether what comes first after a position can be read; what is not there can. */
  function canRead(position: number): boolean {
    try {
      db.prepare('SELECT * FROM entries WHERE position > ? ORDER BY position LIMIT 1').get(position);
      return true;
    } catch {
      return false;
    }
  }

  /** The nearest position after which something can be read. */
  function around(): number | undefined {
    let [bad, good] = [0, 1];
    while (!canRead(after + good)) {
      bad = good;
      good *= 2;
      if (good > FARTHEST) return undefined;
    }
    while (good - bad > 1) {
      const middle = bad + Math.floor((good - bad) / 2);
      if (canRead(after + middle)) good = middle;
      else bad = middle;
    }
    return after + good;
  }

  for (let fruitless = 0; fruitless < FRUITLESS; fruitless += 1) {
    for (const row of rowsOf(db, `SELECT * FROM entries WHERE position > ${after} ORDER BY position`)) {
      const { position } = row;
      if (typeof position !== 'number' || !Number.isSafeInteger(position) || position <= after) continue;
      after = position;
      fruitless = 0;
      yield { ...row, position };
    }
    if (canRead(after)) return;
    const next = around();
    if (next === undefined) return;
    after = next;
  }
}
