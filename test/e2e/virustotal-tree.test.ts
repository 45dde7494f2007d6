import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatAttack } from '@ihandler/attack-log';
import { createDispatcher, createIncident, createMemoryJournal } from '@ihandler/core';
import logSqlite, { openAttackReader } from '@ihandler/log-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import virustotal from '@ihandler/virustotal';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { madeUpFile } from '../support/virustotal-server/known-file.ts';
import { startVirusTotalServer } from '../support/virustotal-server/server.ts';

const connectionOf = (id: string) => ({
  id,
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: '192.0.2.1', port: 445 },
  remote: { host: '198.51.100.7', port: 40_000, hostname: '' },
});

it('a verdict fills the tables of dionaea, and the tree shows it at every connection that downloaded the file', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-tree-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const server = await startVirusTotalServer();
  onTestFinished(() => server.stop());
  const known = madeUpFile('known', Date.now(), 8);
  server.know(known);
  const file = join(dataDir, 'dionaea.sqlite');
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: [
      { handler: logSqlite({ file }) },
      { handler: virustotal({ apiKey: server.key, url: server.url }) },
    ],
    sensor: 'sensor',
    dataDir,
  });
  await dispatcher.start();
  const told = (ordinal: number, origin: string, data: object) =>
    createIncident({
      id: `stream:${ordinal}`,
      origin,
      timestamp: Date.now(),
      sensor: 'sensor',
      data: { ...data },
    });
  for (const [index, kind] of ['unique', 'again'].entries()) {
    const connection = connectionOf(kind);
    const download = { connection, url: 'http://192.0.2.9/x', md5hash: known.md5, file: '' };
    await dispatcher.report([
      told(4 * index + 1, 'dionaea.connection.tcp.accept', { connection }),
      told(4 * index + 2, 'dionaea.download.complete.hash', download),
      told(4 * index + 3, `dionaea.download.complete.${kind}`, download),
      told(4 * index + 4, 'dionaea.connection.free', { connection }),
    ]);
  }
  const counters = () =>
    dispatcher.status().find(({ instance }) => instance === 'virustotal')?.counters ?? {};
  await expect
    .poll(() => [counters()['known'], counters()['unreported']], { timeout: 10_000 })
    .toEqual([1, 0]);
  await dispatcher.drain();
  await dispatcher.close();

  const database = new Database(file, { readonly: true });
  onTestFinished(() => void database.close());
  expect(
    database
      .prepare('SELECT virustotal_md5_hash, virustotal_permalink, virustotal_timestamp FROM virustotals')
      .all(),
  ).toEqual([
    {
      virustotal_md5_hash: known.md5,
      virustotal_permalink: `https://www.virustotal.com/gui/file/${known.sha256}`,
      virustotal_timestamp: Math.floor(known.analysedAt / 1000),
    },
  ]);
  expect(
    database
      .prepare('SELECT count(*) AS scans, count(virustotalscan_result) AS detected FROM virustotalscans')
      .get(),
  ).toEqual({ scans: 10, detected: 9 });
  const reader = await openAttackReader(file);
  onTestFinished(() => reader.close());
  const trees: string[] = [];
  for await (const attack of reader.attacks()) trees.push(formatAttack(attack, { columns: 80 }));
  expect(trees).toHaveLength(2);
  for (const tree of trees) {
    // The permalink may be wrapped, indented like its parent.
    const joined = tree.replace(/\n +/g, '');
    expect(joined).toContain('virustotal 9/10 (90%)');
    expect(joined).toContain('Trojan.A, Trojan.B');
    expect(joined).toContain(`https://www.virustotal.com/gui/file/${known.sha256}`);
    for (const line of tree.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  }
});
