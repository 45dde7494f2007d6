import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { attackJson, OWN_TABLES, TIMED_TABLES } from '@ihandler/attack-log';
import { DAY } from '@ihandler/core/kit';
import { createOrigins } from '@ihandler/core/origins';
import { acmeDeclarations, acmeHash, acmeSession } from '@ihandler/test-support/acme';
import { stream } from '@ihandler/test-support/attacks';
import Database from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { attacksIn } from './testing/read-attacks.ts';
import { query, startHandler, temporaryFolder } from './testing/start-handler.ts';

const BAD = '203.0.113.99';
const origins = createOrigins([{ origins: acmeDeclarations }]);
const newFile = () => join(temporaryFolder(), 'attacks.sqlite');
const own = Object.keys(OWN_TABLES);
const start = (file: string, options: { keep?: string } = {}, now = Date.now) =>
  startHandler({ file, ...options }, { origins, now });

/** How many rows each of our tables has. */
const counts = (file: string) =>
  Object.fromEntries(
    own.map((table) => [table, query<{ n: number }>(file, `SELECT count(*) AS n FROM ${table}`)[0]?.n]),
  );
const every = (n: number) =>
  Object.fromEntries(own.map((table) => [table, n * (/outcomes|commands/.test(table) ? 2 : 1)]));

function bytesBeside(file: string): string {
  return readdirSync(dirname(file))
    .map((name) => readFileSync(join(dirname(file), name), 'latin1'))
    .join('\n');
}

describe('log-sqlite, with the incidents of a sensor from outside,', () => {
  it('has the time of every detail, wherever the row is', async () => {
    const file = newFile();
    const { write } = await start(file);
    const { incidents, checkpoint } = acmeSession('a');
    // Three batches, so that there are several entries of the same table.
    for (const part of [incidents.slice(0, 4), incidents.slice(4, 6), incidents.slice(6)])
      write(part, checkpoint);
    const details = [...TIMED_TABLES, ...own];
    for (const table of details) {
      const rows = query(file, `SELECT * FROM ${table}`).length;
      const times = query<{ row: number; time: number }>(
        file,
        'SELECT row, time FROM ihandler_row_times WHERE table_name = ? ORDER BY row',
        table,
      );
      expect(times.map(({ row }) => row)).toEqual(Array.from({ length: rows }, (_, n) => n + 1));
      expect(times.every(({ time }) => time > 1_600_000_000 && time < 1_600_000_020)).toBe(true);
    }
  });

  it('forgets an attacker in every table without leaving a byte, and in the texts of others', async () => {
    const file = newFile();
    const handler = await start(file);
    const [bad, other, loose] = [
      acmeSession('bad', { host: BAD, text: 'secret-text', hash: 'cd'.repeat(32) }),
      acmeSession('other', { text: BAD }),
      acmeSession('loose', { host: BAD }),
    ];
    handler.write([...bad.incidents, ...other.incidents], { ...bad.checkpoint, ...other.checkpoint });
    // It waits for a session that is never announced.
    handler.write(loose.incidents.slice(4, 5), loose.checkpoint);
    expect(counts(file)).toEqual(every(2));
    await handler.forget?.((host) => host === BAD);
    for (const trace of [BAD, 'secret-text', 'cdcdcdcd']) expect(bytesBeside(file)).not.toContain(trace);
    expect(counts(file)).toEqual(every(1));
    const [attack] = await attacksIn(file);
    expect(attackJson(attack as NonNullable<typeof attack>)).toContain('wget http://forgotten/a');
    expect(query(file, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });

  it('removes old attacks with their details, and the verdicts on files that no other attack brought', async () => {
    const file = newFile();
    const first = await start(file);
    const [old, young] = [
      acmeSession('old', { started: Date.now() - 10 * DAY, hash: 'ef'.repeat(32) }),
      acmeSession('young', { started: Date.now() - DAY / 2 }),
    ];
    first.write([...old.incidents, ...young.incidents], { ...old.checkpoint, ...young.checkpoint });
    await first.close?.();
    await start(file, { keep: '2d' });
    await vi.waitFor(() => expect(counts(file)).toEqual(every(1)), { timeout: 10_000 });
    expect(query(file, 'SELECT sha256 FROM ihandler_verdicts')).toEqual([{ sha256: acmeHash }]);
  });

  it('completes a database of an earlier version, and reads one that is not completed', async () => {
    const file = newFile();
    const first = await start(file);
    const { accept, offer, checkpoint } = stream();
    first.write([accept('a'), offer('a', 'http://old/')], checkpoint());
    await first.close?.();
    const database = new Database(file);
    database.exec(['DROP VIEW ihandler_row_times', ...own.map((table) => `DROP TABLE ${table}`)].join(';'));
    database.exec('ALTER TABLE ihandler_rows DROP COLUMN times');
    database.close();
    const [before] = await attacksIn(file);
    expect(before?.details.offers).toEqual([{ offer: 1, connection: 1, offer_url: 'http://old/' }]);
    expect(before?.details.ihandler_commands).toEqual([]);
    const { write } = await start(file);
    const session = acmeSession('new');
    write([...session.incidents, offer('a', 'http://new/')], { ...session.checkpoint, ...checkpoint() });
    expect(counts(file)).toEqual(every(1));
    const [attack] = await attacksIn(file);
    expect(attack?.details.offers.map(({ time }) => time)).toEqual([undefined, expect.any(Number)]);
  });
});
