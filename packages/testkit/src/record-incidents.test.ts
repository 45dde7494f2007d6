import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDispatcher, createMemoryJournal, type Incident } from '@ihandler/core';
import { exampleOrigins } from '@ihandler/testkit';
import { expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { type IncidentRecorder, incident, recordIncidents } from './index.ts';

/** Delivers incidents to a recorder through a real dispatcher. */
async function give(recorder: IncidentRecorder, given: readonly Incident[]): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-recorder-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: [{ handler: recorder }],
    sensor: 'pot',
    dataDir,
  });
  await dispatcher.start();
  await dispatcher.report(given);
  await dispatcher.drain();
  await dispatcher.close();
}

const offer = incident('dionaea.download.offer', { url: 'ftp://203.0.113.1/x' }, { id: 'test:1' });
const free = incident('dionaea.connection.free', {}, { id: 'test:2' });
const foreign = incident('acme.thing.seen', { what: 'x' }, { id: 'test:3' });
const misfit = incident('dionaea.connection.free', { connection: 'none' } as object, { id: 'test:4' });

it('recordIncidents records incidents in the order of delivery', async () => {
  const recorder = recordIncidents();
  await give(recorder, [offer, free, foreign, misfit]);
  expect(recorder.incidents).toEqual([offer, free, foreign, { ...misfit, misfit: expect.any(String) }]);
});

it('recordIncidents receives only incidents that its glob matches', async () => {
  const recorder = recordIncidents('dionaea.connection.*');
  await give(recorder, [offer, free, misfit]);
  expect(recorder.incidents).toEqual([free]);
});

it('find selects by glob, with types, and omits misfits', async () => {
  const recorder = recordIncidents();
  await give(recorder, [offer, free, foreign, misfit]);
  const found = recorder.find('dionaea.download.offer');
  expectTypeOf(found[0]?.data.url).toEqualTypeOf<string | Uint8Array | undefined>();
  expect(found).toEqual([offer]);
  expect(recorder.find('dionaea.*')).toEqual([offer, free]);
  expect(recorder.find('*')).toHaveLength(4);
});

it('assertReported finds an incident by a part of its data', async () => {
  const recorder = recordIncidents();
  await give(recorder, [offer, foreign]);
  const { connection } = recorder.assertReported('dionaea.download.offer', {
    connection: { remote: { host: '198.51.100.7' } },
  }).data;
  expect(connection?.remote.port).toBe(40_000);
  expect(recorder.assertReported('acme.thing.seen')).toBe(foreign);
});

it('assertReported shows the recorded incidents when it fails', async () => {
  const recorder = recordIncidents();
  expect(() => recorder.assertReported('acme.thing.seen')).toThrow('found no incidents');
  await give(recorder, [offer]);
  expect(() => recorder.assertReported('acme.thing.seen')).toThrow('found only dionaea.download.offer');
  expect(() =>
    recorder.assertReported('dionaea.download.offer', { connection: { remote: { host: '192.0.2.9' } } }),
  ).toThrow(/192\.0\.2\.9[\s\S]*198\.51\.100\.7/);
});
