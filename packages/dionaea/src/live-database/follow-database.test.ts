import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Incident, parseIncidentId } from '@ihandler/core';
import { recording } from '@ihandler/test-support/recordings';
import { createDurableHost, until } from '@ihandler/testkit';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import dionaea from '../index.ts';
import { createDatabaseWriter } from '../testing/database-writer.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { runSource } from '../testing/run-source.ts';
import dionaeaDatabase from './source.ts';

function world() {
  const file = join(temporaryFolder(), 'dionaea.sqlite');
  const host = createDurableHost();
  const follow = (options = {}) => host.run(dionaeaDatabase({ file, poll: '5ms', ...options }));
  const make = (path = file) => {
    const writer = createDatabaseWriter(path);
    onTestFinished(() => {
      writer.db.close();
    });
    return writer;
  };
  const arrive = (count: number) => until(() => host.incidents.length >= count, `${count} incidents arrived`);
  return { file, host, follow, make, arrive };
}

const withoutLocal = ({ local, ...rest }: Incident) => rest;
/** The row in the id of a connection. */
const rowIn = (id: string) => Number(id.slice(id.lastIndexOf(':') + 1));
const linksOf = (incidents: readonly Incident[]) =>
  incidents
    .filter(({ origin }) => origin === 'dionaea.connection.link')
    // Safe: this is the form of a link.
    .map(({ data }) => data as unknown as Record<'child' | 'parent', { id: string }>)
    .map(({ child, parent }) => [rowIn(child.id), rowIn(parent.id)]);

describe('dionaea-database', () => {
  it.each(['dionaea-a', 'dionaea-c'])('gives the incidents of an import of %s', async (name) => {
    const { file, host, follow, arrive } = world();
    copyFileSync(recording(`${name}/log_sqlite.sqlite`), file);
    const { incidents } = await runSource(dionaea({ file }));
    const { stop } = follow();
    await arrive(incidents.length);
    await stop();
    expect(host.incidents.every(({ local }) => local === true)).toBe(true);
    expect(host.incidents.map(withoutLocal)).toEqual(incidents);
    const again = follow();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await again.stop();
    expect(host.incidents).toHaveLength(incidents.length);
  });

  it('resumes after an import without reporting its links again', async () => {
    const { file, host, follow, make, arrive } = world();
    const writer = make();
    writer.link(writer.connect() + 0, 1);
    writer.link(writer.connect(), 1);
    await host.run({ ...dionaea({ file }), name: 'import' }).ended;
    expect(host.incidents).toHaveLength(3);
    const { stop } = follow();
    writer.connect();
    await arrive(4);
    await stop();
    expect(linksOf(host.incidents)).toEqual([[2, 1]]);
  });

  it('waits for the file, its tables and its first connection', async () => {
    const { host, follow, make, arrive } = world();
    const { stop } = follow({ remote: true });
    const wait = () => new Promise((resolve) => setTimeout(resolve, 30));
    await wait();
    const writer = make();
    await wait();
    writer.connect();
    await arrive(1);
    writer.offer(1);
    writer.command(1, 'SELECT 1');
    await arrive(3);
    writer.command(1, 'SELECT 2');
    await arrive(4);
    await stop();
    expect(host.messages).toEqual([]);
    expect(host.incidents.some(({ local }) => local)).toBe(false);
    expect(host.incidents.at(-1)?.data).toMatchObject({ args: ['SELECT 2'] });
  });

  it('reports a parent that is assigned after the connection was read, also between two runs', async () => {
    const { host, follow, make, arrive } = world();
    const writer = make();
    for (let n = 0; n < 4; n += 1) writer.connect();
    const { stop } = follow();
    await arrive(4);
    writer.link(3, 1);
    await arrive(5);
    writer.link(2, 1);
    await arrive(6);
    await stop();
    writer.link(4, 4);
    writer.link(4, 3);
    const again = follow();
    await arrive(7);
    await again.stop();
    expect(linksOf(host.incidents)).toEqual([
      [3, 1],
      [2, 1],
      [4, 3],
    ]);
  });

  it('finishes a database that was renamed, then reads the one in its place', async () => {
    const { file, host, follow, make, arrive } = world();
    const old = make();
    old.connect();
    const { stop } = follow();
    await arrive(1);
    old.connect();
    renameSync(file, `${file}.1`);
    const young = make();
    young.db.transaction(() => {
      young.connect();
      young.db.exec("UPDATE connections SET remote_host = '203.0.113.9'");
    })();
    await arrive(3);
    await stop();
    expect(new Set(host.incidents.map(({ id }) => id)).size).toBe(3);
  });

  it('says within two seconds that another program has locked the database, until it is unlocked', async () => {
    const { file, host, follow, make, arrive } = world();
    const writer = make();
    writer.connect();
    const { stop } = follow();
    await arrive(1);
    writer.connect();
    const start = performance.now();
    const locker = new Sqlite(file);
    locker.exec('BEGIN EXCLUSIVE');
    await until(() => host.problems.length > 0, 'a problem was reported');
    expect(performance.now() - start).toBeLessThan(2000);
    expect(host.problems).toEqual([`${file} is locked by another program: waiting until it has finished`]);
    locker.close();
    await arrive(2);
    expect(host.problems.at(-1)).toBeUndefined();
    await stop();
  });

  it('recognises a database whose first rows were deleted', async () => {
    const { host, follow, make, arrive } = world();
    const writer = make();
    for (let n = 0; n < 5; n += 1) writer.connect();
    const { stop } = follow();
    await arrive(5);
    writer.db.exec('DELETE FROM connections WHERE connection < 4');
    writer.connect();
    await arrive(6);
    await stop();
    writer.connect();
    const again = follow();
    await arrive(7);
    await again.stop();
    expect(new Set(host.incidents.map(({ id }) => parseIncidentId(id).stream)).size).toBe(1);
  });

  it('recognises a database after columns were added, and logs that one of another program cannot be read', async () => {
    const { file, host, follow, make, arrive } = world();
    const other = new Sqlite(file);
    other.exec('CREATE TABLE visits (visit INTEGER PRIMARY KEY)');
    other.close();
    const { stop } = follow();
    await until(() => host.messages.length > 0, 'a warning was logged');
    const writer = make();
    writer.connect();
    await arrive(1);
    writer.db.exec('ALTER TABLE connections DROP COLUMN remote_hostname');
    writer.db.exec('ALTER TABLE connections ADD COLUMN remote_hostname TEXT');
    writer.db.exec(
      "INSERT INTO connections (connection_type, connection_transport) VALUES ('accept', 'tcp')",
    );
    await arrive(2);
    await stop();
    expect(new Set(host.incidents.map(({ id }) => parseIncidentId(id).stream)).size).toBe(1);
    expect(new Set(host.messages)).toEqual(new Set(['cannot read the database; retrying']));
    expect(host.messages.length).toBeLessThanOrEqual(2);
  });

  it('gives new ids to the rows that were added to an older copy that was restored, and no others', async () => {
    const { file, host, follow, make, arrive } = world();
    const writer = make();
    writer.connect();
    copyFileSync(file, `${file}.copy`);
    writer.connect();
    const { stop } = follow();
    await arrive(2);
    await stop();
    rmSync(file);
    renameSync(`${file}.copy`, file);
    const restored = make();
    restored.connect();
    restored.connect();
    const again = follow();
    await arrive(4);
    await again.stop();
    expect(new Set(host.incidents.map(({ id }) => id)).size).toBe(4);
  });

  it('never holds a lock while it waits, and reads few rows at a time, so that dionaea can commit', async () => {
    const { host, follow, make } = world();
    const writer = make();
    writer.db.transaction(() => {
      for (let n = 0; n < 20_000; n += 1) writer.connect();
    })();
    // Locks and rows, not durations: a busy machine delays everything.
    writer.db.pragma('busy_timeout = 0');
    let rows = 0;
    let most = 0;
    const statements: { iterate(...values: unknown[]): Iterable<unknown> } = Object.getPrototypeOf(
      writer.db.prepare('SELECT 1'),
    );
    const { iterate } = statements;
    vi.spyOn(statements, 'iterate').mockImplementation(function* (this: unknown, ...values) {
      for (const row of iterate.apply(this, values)) {
        rows += 1;
        yield row;
      }
    });
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const { stop, ended } = follow({ poll: '1ms' });
    let commits = 0;
    while (host.incidents.length < 20_000 + commits) {
      rows = 0;
      await Promise.race([new Promise((resolve) => setImmediate(resolve)), ended]);
      most = Math.max(most, rows);
      // Throws SQLITE_BUSY if the source holds a lock.
      if (commits < 500) writer.connect();
      commits = Math.min(500, commits + 1);
    }
    await stop();
    expect(most).toBeGreaterThan(50);
    expect(most).toBeLessThan(500);
    expect(host.incidents).toHaveLength(20_500);
  });
});

const action = fc.oneof(
  fc
    .constantFrom('connect', 'connect', 'offer', 'command', 'rest', 'start', 'stop')
    .map((what) => ({ what })),
  fc.constantFrom('before', 'after').map((when) => ({ what: 'kill', when })),
  fc.record({ what: fc.constant('link'), child: fc.nat(100), parent: fc.nat(100) }),
);

describe('a followed database that is written at any moment, with restarts and kills between', () => {
  it('gives each row once, with the id of an import, and the last parent of each connection', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 60 }), async (actions) => {
        const file = join(temporaryFolder(), 'dionaea.sqlite');
        const writer = createDatabaseWriter(file);
        const host = createDurableHost();
        const source = dionaeaDatabase({ file, poll: '1ms' });
        const failures: unknown[] = [];
        const start = () => {
          const run = host.run(source);
          run.ended.catch((error) => failures.push(error));
          return run;
        };
        let running = start();
        let count = writer.connect();
        for (const step of actions) {
          if (step.what === 'connect') count = writer.connect();
          else if (step.what === 'offer') writer.offer(count);
          else if (step.what === 'command') writer.command(count, `SELECT ${count}`);
          else if (step.what === 'rest') await new Promise((resolve) => setTimeout(resolve, 3));
          else if ('when' in step) host.killAt(step.when as 'before' | 'after');
          else if ('child' in step) {
            const [child, parent] = [(step.child % count) + 1, (step.parent % count) + 1];
            writer.link(child, parent);
          } else {
            await running.stop();
            if (step.what === 'start') running = start();
          }
          await new Promise((resolve) => setImmediate(resolve));
        }
        await running.stop();
        host.killAt(undefined);
        running = start();
        const { incidents } = await runSource(dionaea({ file }));
        const links = new Map(linksOf(incidents).map(([child, parent]) => [child, parent]));
        const isLink = ({ origin }: Incident) => origin === 'dionaea.connection.link';
        const rows = incidents.filter((incident) => !isLink(incident)).map(({ id }) => id);
        const settled = () => {
          const last = new Map(linksOf(host.incidents).map(([child, parent]) => [child, parent]));
          const arrived = host.incidents.filter((incident) => !isLink(incident));
          return (
            arrived.length >= rows.length && [...links].every(([child, parent]) => last.get(child) === parent)
          );
        };
        await until(() => failures.length > 0 || settled(), 'all rows and links arrived').finally(
          running.stop,
        );
        writer.db.close();
        expect(failures).toEqual([]);
        const arrived = host.incidents.filter((incident) => !isLink(incident)).map(({ id }) => id);
        expect([...arrived].sort()).toEqual([...rows].sort());
      }),
      { numRuns: Number(process.env['FOLLOW_RUNS'] ?? 40), endOnFailure: true },
    );
  }, 300_000);
});
