import {
  copyFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { stream } from '@ihandler/test-support/attacks';
import { recording } from '@ihandler/test-support/recordings';
import { expect, it, vi } from 'vitest';
import { query, startHandler, temporaryFolder } from '../testing/start-handler.ts';

// The tests may run in a container.
vi.mock('./unseen-processes.ts', () => ({ unseenProcesses: () => undefined }));

const newFile = () => join(temporaryFolder(), 'attacks.sqlite');
const ids = (file: string) =>
  query<{ connection_id: string }>(file, 'SELECT connection_id FROM ihandler_connections').map(
    (row) => row.connection_id,
  );
const warnings = (lines: readonly string[]) => lines.filter((line) => line.startsWith('warn:'));

it('log-sqlite finishes a file that was moved away, and continues in a new one', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const { accept, checkpoint } = stream();
  handler.write([accept('a')], checkpoint());
  renameSync(file, `${file}.1`);
  handler.write([accept('b')], checkpoint());
  handler.write([accept('c')], checkpoint());
  expect(ids(`${file}.1`)).toEqual(['a']);
  expect(ids(file)).toEqual(['b', 'c']);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect(warnings(handler.lines)).toEqual([expect.stringContaining('is missing: creating a new one')]);
});

it('log-sqlite starts over, with an empty checkpoint, when the file was deleted', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const { accept, checkpoint } = stream();
  handler.write([accept('a')], checkpoint());
  for (const end of ['', '-wal', '-shm']) rmSync(file + end);
  expect(handler.checkpoint?.()).toEqual({});
  handler.write([accept('b')], checkpoint());
  expect(ids(file)).toEqual(['b']);
  expect(warnings(handler.lines)).toHaveLength(1);
});

it('log-sqlite continues in an empty file that log rotation put in place of the old one', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const { accept, checkpoint } = stream();
  handler.write([accept('a')], checkpoint());
  renameSync(file, `${file}.1`);
  writeFileSync(file, '');
  handler.write([accept('b')], checkpoint());
  expect([ids(`${file}.1`), ids(file)]).toEqual([['a'], ['b']]);
  expect(warnings(handler.lines)).toEqual([expect.stringContaining('was replaced: using the new one')]);
});

it.each(['wal', 'delete'] as const)(
  'log-sqlite starts over in a file that was emptied (journalMode %s)',
  async (journalMode) => {
    const file = newFile();
    const handler = await startHandler({ file, journalMode });
    const { accept, checkpoint } = stream();
    handler.write([accept('a')], checkpoint());
    truncateSync(file);
    handler.write([accept('b')], checkpoint());
    expect(ids(file)).toEqual(['b']);
    expect(query(file, 'PRAGMA quick_check')).toEqual([{ quick_check: 'ok' }]);
    expect(warnings(handler.lines)).toEqual([expect.stringContaining('was truncated')]);
  },
);

it('log-sqlite renames the rest of a file that was truncated in the middle', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const { accept, checkpoint } = stream();
  handler.write([accept('a')], checkpoint());
  await handler.close?.();
  const again = await startHandler({ file });
  truncateSync(file, 20_000);
  again.write([accept('b')], checkpoint());
  expect(ids(file)).toEqual(['b']);
  const aside = readdirSync(dirname(file)).filter((name) => name.includes('.damaged-'));
  expect(aside).toHaveLength(1);
});

it('log-sqlite waits, and loses nothing, while a database of dionaea is in place of its own', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const { accept, checkpoint } = stream();
  handler.write([accept('a')], checkpoint());
  const aside = `${file}.ours`;
  renameSync(file, aside);
  copyFileSync(recording('dionaea-a/log_sqlite.sqlite'), file);
  const batch = [accept('b')];
  expect(() => handler.write(batch, checkpoint())).toThrow(
    expect.objectContaining({
      retryAfter: expect.any(Number),
      message: expect.stringContaining('adopt: true'),
    }),
  );
  renameSync(aside, file);
  handler.write(batch, checkpoint());
  expect(ids(file)).toEqual(['a', 'b']);
});
