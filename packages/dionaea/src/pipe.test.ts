import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { recording } from '@ihandler/test-support/recordings';
import { describe, expect, it, onTestFinished } from 'vitest';
import dionaea from './index.ts';
import { temporaryFolder } from './testing/folder.ts';
import { runSource } from './testing/run-source.ts';

const file = recording('dionaea-a/log_incident.ndjson');
const recorded = readFileSync(file);

function useAsStandardInput(stream: Readable): void {
  const original = Object.getOwnPropertyDescriptor(process, 'stdin');
  Object.defineProperty(process, 'stdin', { value: stream, configurable: true });
  onTestFinished(() => {
    if (original !== undefined) Object.defineProperty(process, 'stdin', original);
  });
}

describe('standard input', () => {
  it('gives the same incidents and ids as a file, gzipped or not, in chunks of any size', async () => {
    const expected = await runSource(dionaea({ file }));
    for (const content of [recorded, gzipSync(recorded)]) {
      const chunks = Array.from({ length: content.length / 7 + 1 }, (_, i) =>
        content.subarray(i * 7, i * 7 + 7),
      );
      useAsStandardInput(Readable.from(chunks));
      const { incidents, progress } = await runSource(dionaea({ file: '-' }));
      expect(incidents).toEqual(expected.incidents);
      expect(progress.at(-1)).toEqual({ done: content.length });
    }
  });

  it('resumes by skipping the lines that were read before', async () => {
    const { incidents } = await runSource(dionaea({ file }));
    const [stream = '', ordinal] = incidents[100]?.id.split(':') ?? [];
    useAsStandardInput(Readable.from([recorded]));
    const rest = await runSource(dionaea({ file: '-' }), { [stream]: Number(ordinal) });
    expect(rest.incidents).toEqual(incidents.slice(101));
  });

  it('reports available lines while more may arrive, and ends when the signal aborts', async () => {
    const stream = new PassThrough();
    useAsStandardInput(stream);
    const stop = new AbortController();
    const end = recorded.indexOf('\n') + 1;
    stream.write(recorded.subarray(0, end + 20));
    const { incidents } = await runSource(dionaea({ file: '-' }), {}, (output) => ({
      signal: stop.signal,
      async report(batch) {
        output.incidents.push(...batch);
        stop.abort();
      },
    }));
    expect(incidents.length).toBe(1);
  });

  it('cannot hold a database', async () => {
    useAsStandardInput(Readable.from([readFileSync(recording('dionaea-a/log_sqlite.sqlite'))]));
    await expect(runSource(dionaea({ file: '-' }))).rejects.toMatchObject({
      code: 'TARGET_UNREADABLE',
      message: expect.stringContaining('standard input: a database cannot be read from a pipe.'),
    });
  });
});

describe('a named pipe', () => {
  it('is read like a file', async () => {
    const pipe = join(temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const writer = spawn('sh', ['-c', 'cat "$0" > "$1"', file, pipe]);
    const ended = once(writer, 'exit');
    const { incidents } = await runSource(dionaea({ file: pipe }));
    await ended;
    expect(incidents).toEqual((await runSource(dionaea({ file }))).incidents);
  });
});

describe('a file of the source dionaea', () => {
  it('is not read when the signal has already aborted', async () => {
    const stop = new AbortController();
    stop.abort();
    const { incidents, rejects } = await runSource(dionaea({ file }), {}, () => ({ signal: stop.signal }));
    expect({ incidents, rejects }).toEqual({ incidents: [], rejects: [] });
  });
});
