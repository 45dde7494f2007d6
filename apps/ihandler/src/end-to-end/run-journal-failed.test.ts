import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { installTail } from '../testing/live-packages.ts';
import { createWorld } from '../testing/world.ts';

/** A journal whose first append fails, as after a failed fsync. */
const failing = `
export default () => ({
  name: 'failing', durable: true, open() {}, close() {}, bounds: () => ({ before: 0, last: 0 }),
  async append() { throw Object.assign(new Error('the fsync has failed'), { name: 'IhandlerError', code: 'JOURNAL_FAILED' }); },
  read: (after) => ({ before: after, incidents: [] }), sourceState() {}, highest() {}, cursor() {},
  commit: ({}) => ({ before: 0, incidents: [] }), deadLetters: () => [], release() {}, acceptedAt() {},
  positionBefore: () => 0, forget: () => ({ entries: 0, deadLetters: 0 }),
});`;

test('run exits at once with code 4 when the journal fails', async () => {
  const world = createWorld();
  installTail(world);
  world.install(
    'ihandler-failing',
    { main: './i.js', ihandler: { contract: 1, journals: { failing: { summary: 'Fails', options: {} } } } },
    { 'i.js': failing },
  );
  world.write('numbers', '1\n');
  world.write(
    'my.yaml',
    'data: data\nhealth: off\nsources: [{ name: tail, config: { file: numbers } }]\nihandlers: []\n',
  );
  const exits: number[] = [];
  const { code, stderr } = await world.run(['run', '-c', 'my.yaml'], { exit: (own) => void exits.push(own) });
  expect(code).toBe(4);
  expect(exits).toEqual([4]);
  expect(stderr).toContain('error: journal failed: incidents can no longer be stored durably; shutting down');
  expect(stderr).toContain('the fsync has failed');
  expect(existsSync(join(world.folder, 'data/control.sock'))).toBe(false);
});
