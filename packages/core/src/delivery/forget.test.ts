import { describe, expect, it } from 'vitest';
import { permanent, temporary } from '../contract/error.ts';
import { defineHandler } from '../contract/handler.ts';
import { createSignal, handle, incidentOf, open, statusOf } from '../testing/delivery.ts';
import { createDisk } from '../testing/disk.ts';
import { forget } from './forget.ts';
import { createMemoryJournal } from './memory-journal.ts';

const end = { host: '192.0.2.1', port: 445 };
const connection = (host: string) => ({
  id: 'c',
  protocol: 'smbd',
  transport: 'tcp',
  local: end,
  remote: { host, port: 4711, hostname: '' },
});
const from = (ordinal: number, host: string) =>
  incidentOf(ordinal, 'acme.thing.seen', { list: [{ deep: connection(host) }] });
const [evil, other] = ['198.51.100.7', '203.0.113.9'];

describe('forgetting networks', () => {
  it('makes the journal and every handler forget, and returns what each did', async () => {
    const disk = createDisk();
    const rows: string[] = [];
    const keeps = defineHandler({
      name: 'keeps',
      on: { 'acme.*': ({ data }) => void rows.push(JSON.stringify(data)) },
      forget(isForgotten) {
        const kept = rows.filter((row) => !isForgotten(/"remote":\{"host":"([^"]*)/.exec(row)?.[1] ?? ''));
        const gone = rows.length - kept.length;
        rows.splice(0, rows.length, ...kept);
        return `removed ${gone} rows`;
      },
    });
    const plain = defineHandler({ name: 'plain', on: { '*': () => {} } });
    const dispatcher = await open([keeps, plain], { journal: disk.journal() });
    await handle(dispatcher, [from(1, evil), from(2, other), from(3, `::ffff:${evil}`)]);
    expect(await dispatcher.forget(['198.51.100.0/24'])).toEqual({
      keeps: 'removed 2 rows',
      journal: '2 incidents, 0 dead letters',
    });
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(disk.log)).not.toContain(evil);
    expect(disk.log.map(({ id, origin }) => [id, origin])).toEqual([
      ['s:1', 'ihandler.incident.forgotten'],
      ['s:2', 'acme.thing.seen'],
      ['s:3', 'ihandler.incident.forgotten'],
    ]);
  });

  it('finds addresses in data without a schema and in texts, and leaves local addresses alone', async () => {
    const disk = createDisk();
    const dispatcher = await open([defineHandler({ name: 'any', on: { '*': () => {} } })], {
      journal: disk.journal(),
    });
    const data = [
      { connection: { local_ip: other, remote_ip: evil } },
      { src_ip: evil },
      { connection: { local_ip: evil, remote_ip: other } },
      { local: { host: evil }, dst_ip: evil, source: 'smbd' },
      { connection: connection(other), url: `http://${evil}/` },
      { connection: { ...connection(''), remote: { host: '', port: 1, hostname: evil } } },
    ];
    await handle(
      dispatcher,
      data.map((each, n) => incidentOf(n + 1, 'acme.thing.seen', each)),
    );
    expect(await dispatcher.forget([evil])).toEqual({ journal: '4 incidents, 0 dead letters' });
    const isForgotten = disk.log.map(({ origin }) => origin === 'ihandler.incident.forgotten');
    expect(isForgotten).toEqual([true, true, false, false, true, true]);
  });

  it.each([
    ['in memory', () => createMemoryJournal()],
    ['on a disk', () => createDisk().journal()],
  ])('drops dead letters and counts them: a journal %s', async (_, make) => {
    const journal = make();
    const refuses = defineHandler({
      name: 'refuses',
      on: {
        'acme.*': () => {
          throw permanent('no');
        },
      },
    });
    const dispatcher = await open([refuses], { journal });
    await handle(dispatcher, [from(1, evil), from(2, other)]);
    const { journal: words } = await dispatcher.forget([evil]);
    expect(words).toContain('1 dead letter');
    expect(statusOf(dispatcher, 'refuses').counts).toMatchObject({ dead: 1, dropped: 1 });
    expect((await journal.deadLetters('refuses')).map(({ position }) => position)).toEqual([2]);
  });

  it('does not deliver forgotten incidents from a queue or from a retried batch', async () => {
    const heard: string[] = [];
    let isBusy = true;
    const handler = defineHandler({
      name: 'one',
      accepts: ['*'],
      write(batch) {
        if (isBusy) throw temporary('tomorrow', { retryAfter: 86_400_000 });
        heard.push(...batch.map(({ id, origin }) => `${id} ${origin}`));
      },
      forget: () => 'removed nothing',
    });
    const dispatcher = await open([handler], { journal: createDisk().journal(), batch: 1 });
    await dispatcher.report([from(1, evil), from(2, other), from(3, evil)]);
    while (statusOf(dispatcher, 'one').state !== 'waiting') await new Promise(setImmediate);
    const forgotten = dispatcher.forget([evil]);
    isBusy = false;
    expect(await forgotten).toEqual({ one: 'removed nothing', journal: '2 incidents, 0 dead letters' });
    expect(await dispatcher.drain()).toEqual([]);
    expect(heard).toEqual([
      's:1 ihandler.incident.forgotten',
      's:2 acme.thing.seen',
      's:3 ihandler.incident.forgotten',
    ]);
  });

  it('forgets the dead letter of a delivery that was running', async () => {
    const disk = createDisk();
    const [reached, goOn] = [createSignal(), createSignal()];
    const handler = defineHandler({
      name: 'one',
      on: {
        'acme.*': async () => {
          reached.give();
          await goOn.promise;
          throw permanent('no');
        },
      },
      forget: () => 'removed nothing',
    });
    const dispatcher = await open([handler], { journal: disk.journal() });
    await dispatcher.report([from(1, evil)]);
    await reached.promise;
    const forgotten = dispatcher.forget([evil]);
    await new Promise(setImmediate);
    goOn.give();
    expect((await forgotten)['journal']).toBe('1 incident, 1 dead letter');
    expect(disk.deadLetters).toEqual([]);
    expect(await dispatcher.drain()).toEqual([]);
  });

  it('does not wait for a handler that is stuck, and reports it and one that fails', async () => {
    const goOn = createSignal();
    const reached = createSignal();
    const hangs = defineHandler({
      name: 'hangs',
      on: {
        'acme.*': () => {
          reached.give();
          return goOn.promise;
        },
      },
      forget: () => 'removed 1',
    });
    const fails = defineHandler({
      name: 'fails',
      on: { 'acme.*': () => {} },
      forget: () => {
        throw new Error('the table is gone');
      },
    });
    const dispatcher = await open([hangs, fails]);
    await dispatcher.report([from(1, other)]);
    await reached.promise;
    const lanes: Parameters<typeof forget>[1]['lanes'] = [];
    expect(await forget([evil], { journal: createDisk().journal(), lanes })).toEqual({
      journal: '0 incidents, 0 dead letters',
    });
    const asked = dispatcher.forget([evil]);
    goOn.give();
    expect(await asked).toMatchObject({ hangs: 'removed 1', fails: 'failed: the table is gone' });
  });

  it('accepts only addresses and networks', async () => {
    const dispatcher = await open([]);
    await expect(dispatcher.forget(['evil.example'])).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
      message: expect.stringContaining('"networks": expected addresses'),
    });
  });
});
