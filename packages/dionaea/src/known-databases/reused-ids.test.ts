import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { databaseWorld } from '../testing/database-world.ts';
import { createDatabaseWriter } from '../testing/database-writer.ts';

/** A database whose connections and offers all differ, and what must be stored of it. */
function growingDatabase(file: string) {
  const { db, connect } = createDatabaseWriter(file);
  const expected: string[] = [];
  let offers = 0;
  const remoteOf = db
    .prepare<[number], number>('SELECT remote_port FROM connections WHERE connection = ?')
    .pluck();
  const remote = (port: number | undefined) => ({ host: '198.51.100.1', port, hostname: '' });
  function offer(connection: number): void {
    offers += 1;
    const url = `http://192.0.2.1/offer-${offers}`;
    db.prepare('INSERT INTO offers VALUES (NULL, ?, ?)').run(connection, url);
    expected.push(JSON.stringify(['dionaea.download.offer', remote(remoteOf.get(connection)), url]));
  }
  return {
    db,
    expected,
    offer,
    connect(): number {
      const row = connect();
      expected.push(JSON.stringify(['dionaea.connection.tcp.accept', remote(remoteOf.get(row)), undefined]));
      return row;
    },
    rows: () =>
      db.prepare<[], number>('SELECT connection FROM connections ORDER BY connection').pluck().all(),
    delete(rows: readonly number[], withOffers: boolean): void {
      for (const row of rows) {
        db.prepare('DELETE FROM connections WHERE connection = ?').run(row);
        if (withOffers) db.prepare('DELETE FROM offers WHERE connection = ?').run(row);
      }
    },
  };
}

const size = fc.integer({ min: 1, max: 6 });
const action = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('append' as const),
      size,
      offers: fc.integer({ min: 0, max: 2 }),
    }),
  },
  fc.record({ what: fc.constant('offer to an old one' as const) }),
  fc.record({ what: fc.constantFrom('import' as const, 'follow' as const) }),
  fc.record({
    what: fc.constantFrom('delete the oldest' as const, 'delete the newest' as const),
    size,
    by: fc.constantFrom('import' as const, 'follow' as const),
  }),
);

describe('a database that uses the ids of deleted newest connections again', () => {
  it('is stored once, each row at its own connection, however it is imported and followed in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 3, maxLength: 12 }),
        fc.boolean(),
        async (actions, withOffers) => {
          const { file, all, ...there } = databaseWorld();
          const database = growingDatabase(file);
          for (let n = 0; n < 4; n += 1) database.offer(database.connect());
          for (const step of actions) {
            const rows = database.rows();
            if (step.what === 'append') {
              for (let n = 0; n < step.size; n += 1) {
                const row = database.connect();
                for (let offer = 0; offer < step.offers; offer += 1) database.offer(row);
              }
            } else if (step.what === 'offer to an old one') database.offer(rows[rows.length >> 1] ?? 0);
            else if ('by' in step) {
              // Rows are read before they are deleted.
              await there[step.by]();
              const count = Math.min(step.size, rows.length - 1);
              database.delete(
                step.what === 'delete the oldest' ? rows.slice(0, count) : rows.slice(rows.length - count),
                withOffers,
              );
            } else await there[step.what]();
          }
          await there.import();
          expect(all().sort()).toEqual(database.expected.toSorted());
          await there.follow();
          await there.import();
          database.db.close();
          expect(all().sort()).toEqual(database.expected.toSorted());
        },
      ),
      { numRuns: Number(process.env['FOLLOW_RUNS'] ?? 12), endOnFailure: true },
    );
  }, 120_000);
});
