import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDispatcher, createIncident, defineHandler } from '@ihandler/core';
import journalSqlite, { check } from '@ihandler/journal-sqlite';
import logSqlite from '@ihandler/log-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

describe('a data folder from before the first release', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ihandler-data-'));
    cpSync(fileURLToPath(new URL('../data-folders/first', import.meta.url)), folder, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function connections(): number {
    const db = new Database(join(folder, 'dionaea.sqlite'), { readonly: true });
    const count = db.prepare<[], number>('SELECT count(*) FROM connections').pluck().get() ?? 0;
    db.close();
    return count;
  }

  it('is continued: only new incidents are delivered, dead letters stay, and the delivery counts add up', async () => {
    const before = connections();
    const file = join(folder, 'journal.sqlite');
    const offers: string[] = [];
    const picky = defineHandler({
      name: 'picky',
      on: { 'dionaea.download.offer': ({ data }) => void offers.push(String(data.url)) },
    });
    const journal = journalSqlite({ file, minFree: '0MB' });
    const dispatcher = createDispatcher({
      origins: [exampleOrigins],
      journal,
      handlers: [{ handler: logSqlite({ file: join(folder, 'dionaea.sqlite') }) }, { handler: picky }],
      sensor: 'pot',
      dataDir: folder,
    });
    await dispatcher.start();
    const { incidents } = await journal.read(0, 1000);
    await dispatcher.report(incidents);
    const connection = {
      id: 'new',
      protocol: 'smbd',
      transport: 'tcp',
      local: { host: '192.0.2.1', port: 445 },
      remote: { host: '198.51.100.7', port: 40_000, hostname: '' },
    };
    const parts = { timestamp: Date.now(), sensor: 'pot' };
    await dispatcher.report([
      createIncident({ ...parts, id: 'n:1', origin: 'dionaea.connection.tcp.accept', data: { connection } }),
      createIncident({
        ...parts,
        id: 'n:2',
        origin: 'dionaea.download.offer',
        data: { connection, url: 'http://new' },
      }),
    ]);
    expect(await dispatcher.drain()).toEqual([]);
    await dispatcher.close();
    expect(connections()).toBe(before + 1);
    expect(offers).toEqual(['http://new']);
    await journal.open();
    expect(journal.bounds()).toEqual({ before: 0, last: 250 });
    expect(await journal.deadLetters('picky')).toHaveLength(5);
    for (const instance of ['log-sqlite', 'picky'])
      expect((await journal.cursor(instance))?.position).toBe(250);
    await journal.close();
    expect(check({ file }).problems).toEqual([]);
  });
});
