import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDispatcher, type Handler, type Journal } from '@ihandler/core';
import { exampleOrigins } from '@ihandler/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { createCrash, createDisk, incident, incidents, recordIncidents } from './index.ts';

const origin = 'dionaea.connection.free';

function dispatcherOn(journal: Journal, handler: Handler) {
  const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-disk-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  return createDispatcher({
    origins: [exampleOrigins],
    journal,
    handlers: [{ handler }],
    sensor: 'pot',
    dataDir,
    retry: { base: 0, attempts: 1 },
  });
}

it('createDisk passes appended and acknowledged data on to the next journal', async () => {
  const disk = createDisk();
  const first = dispatcherOn(disk.journal(), recordIncidents());
  await first.start();
  await first.report(incidents(2, origin));
  await first.drain();
  await first.close();

  const recorder = recordIncidents();
  const second = dispatcherOn(disk.journal(), recorder);
  await second.start();
  await second.report([incident(origin, {}, { id: 'test:2' }), incident(origin, {}, { id: 'test:3' })]);
  await second.drain();
  await second.close();
  expect(recorder.incidents.map(({ id }) => id)).toEqual(['test:3']);
  expect(disk.log).toHaveLength(3);
  expect(disk.cursors.get('record-incidents')?.counts.delivered).toBe(3);
});

it.each([
  ['append', 1, 0, 0],
  ['appended', 1, 3, 0],
  ['commit', 2, 3, 0],
  ['committed', 2, 3, 3],
] as const)(
  'createDisk keeps what a process had stored when it died at "%s"',
  async (point, nth, appended, acknowledged) => {
    const disk = createDisk();
    const crash = createCrash(point, nth);
    const dispatcher = dispatcherOn(disk.journal(crash.at), recordIncidents());
    await dispatcher.start();
    dispatcher.report(incidents(3, origin)).catch(() => undefined); // a dead process gets no answer
    await crash.died;
    expect(crash.isDead()).toBe(true);
    expect(disk.log).toHaveLength(appended);
    expect(disk.cursors.get('record-incidents')?.position ?? 0).toBe(acknowledged);
  },
);

it('createCrash ends a process at the n-th visit of a point, and then at every point', async () => {
  const crash = createCrash('append', 2);
  expect(await crash.at('append')).toBeUndefined();
  expect(crash.isDead()).toBe(false);
  const hung = [crash.at('append'), crash.at('commit')];
  await crash.died;
  const settled = await Promise.race([...hung, new Promise((resolve) => setImmediate(resolve, 'none'))]);
  expect(settled).toBe('none');
});

it('a journal of createDisk rejects with injected errors, which reach sources but not handlers', async () => {
  const disk = createDisk();
  let isFull = true;
  const journal = disk.journal((point) => {
    if (point === 'append' && isFull) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
  });
  const recorder = recordIncidents();
  const dispatcher = dispatcherOn(journal, recorder);
  await dispatcher.start();
  await expect(dispatcher.report(incidents(1, origin))).rejects.toThrow('no space');
  isFull = false;
  await dispatcher.report(incidents(1, origin));
  await dispatcher.drain();
  await dispatcher.close();
  expect(recorder.incidents).toHaveLength(1);
});

it('forget of createDisk removes the oldest entries, as retention does', async () => {
  const disk = createDisk();
  const first = disk.journal();
  await first.append(incidents(4, origin));
  disk.forget(3);
  const recorder = recordIncidents();
  const dispatcher = dispatcherOn(disk.journal(), recorder);
  await dispatcher.start();
  await dispatcher.drain();
  await dispatcher.close();
  expect(recorder.incidents.map(({ id }) => id)).toEqual(['test:4']);
});

it('a journal of createDisk rejects a batch as a whole', async () => {
  const disk = createDisk();
  const broken = { ...incident(origin), id: 'no-ordinal' };
  await expect(disk.journal().append([...incidents(1, origin), broken])).rejects.toThrow('no-ordinal');
  expect(disk.log).toEqual([]);
  expect((await disk.journal().append(incidents(1, origin))).incidents).toHaveLength(1);
});
