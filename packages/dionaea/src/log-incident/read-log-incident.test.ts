import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Incident } from '@ihandler/core';
import { recording } from '@ihandler/test-support/recordings';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import dionaea from '../index.ts';
import { temporaryFile } from '../testing/folder.ts';
import { countOrigins, runSource } from '../testing/run-source.ts';

const recorded = readFileSync(recording('dionaea-a/log_incident.ndjson'));
const ids = (incidents: readonly Incident[]) => incidents.map(({ id }) => id);
const accept = (id: string | number, more = '') =>
  `{"timestamp": "2026-11-22T06:24:54.818162", "name": "dionaea", "origin": "acme.${id}", "data": {"é": "😀${more}"}}`;

describe('a file of log_incident', () => {
  it.each([
    ['dionaea-a', 243],
    ['dionaea-c', 247],
  ])('gives an incident for each line of %s', async (name, count) => {
    const file = recording(`${name}/log_incident.ndjson`);
    const { incidents, rejects, batches } = await runSource(dionaea({ file }));
    const origins: Record<string, number> = {};
    for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
      const { origin } = JSON.parse(line);
      origins[origin] = (origins[origin] ?? 0) + 1;
    }
    expect(countOrigins(incidents)).toEqual(origins);
    expect(incidents.length).toBe(count);
    expect(rejects).toEqual([]);
    expect(batches).toEqual([count]);
    expect(incidents.filter(({ misfit }) => misfit !== undefined)).toEqual([]);
  });

  it('gives the first line with the values that dionaea wrote', async () => {
    const { incidents } = await runSource(dionaea({ file: recording('dionaea-a/log_incident.ndjson') }));
    expect(incidents[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{20}:361$/),
      origin: 'dionaea.connection.tcp.accept',
      timestamp: Date.UTC(2026, 10, 22, 6, 24, 54) + 818.162,
      sensor: 'hive',
      data: {
        connection: {
          id: '3bc54ea882db0c1d3449906a76e8e20e3c6449e6d3788fbe0d20d06826bcab50',
          protocol: 'httpd',
          transport: 'tcp',
          local: { host: '127.0.0.1', port: 80 },
          remote: { host: '127.0.0.1', port: 37778, hostname: '' },
        },
      },
    });
    expect(recorded.indexOf('\n') + 1).toBe(361);
  });

  it('has the same stream when it is renamed, gzipped with any number of members, or read twice', async () => {
    const expected = ids(
      (await runSource(dionaea({ file: recording('dionaea-a/log_incident.ndjson') }))).incidents,
    );
    const half = recorded.length >> 1;
    const members = [recorded.subarray(0, half), Buffer.alloc(0), recorded.subarray(half)].map((part) =>
      gzipSync(part),
    );
    for (const content of [recorded, gzipSync(recorded), Buffer.concat(members)]) {
      const file = temporaryFile(content, 'renamed.txt');
      expect(ids((await runSource(dionaea({ file }))).incidents)).toEqual(expected);
    }
  });

  it('has another stream for another sensor', async () => {
    const file = recording('dionaea-a/log_incident.ndjson');
    const [here, there] = [
      await runSource(dionaea({ file })),
      await runSource(dionaea({ file, sensor: 'other' })),
    ];
    expect(Object.keys(here.checkpoint)).not.toEqual(Object.keys(there.checkpoint));
    expect(there.incidents[0]?.sensor).toBe('other');
  });

  it('may have a byte order mark, blank lines, CR LF and no newline at its end', async () => {
    const content = `\ufeff\r\n  \n${accept(1)}\r\n\r\n\t\n${accept(2)}\r\n${accept(3)}`;
    for (const end of ['', '\r', '\r\n']) {
      const { incidents, rejects } = await runSource(dionaea({ file: temporaryFile(content + end) }));
      expect(incidents.map(({ origin }) => origin)).toEqual(['acme.1', 'acme.2', 'acme.3']);
      expect(rejects).toEqual([]);
    }
  });

  it('is read on after invalid lines, which are rejected with their position and reason', async () => {
    const bad = ['not json', '{"a":1}', '[]', `{"origin":"x","timestamp":"never"}`];
    const content = `${accept(1)}\n${bad.join('\n')}\n${accept(2)}\n`;
    const file = temporaryFile(content);
    const { incidents, rejects } = await runSource(dionaea({ file }));
    expect(incidents.map(({ origin }) => origin)).toEqual(['acme.1', 'acme.2']);
    expect(rejects.map(({ text }) => text)).toEqual(bad);
    for (const reject of rejects) {
      const { offset, length } = reject;
      expect(
        Buffer.from(content)
          .subarray(offset, offset + length)
          .toString(),
      ).toBe(reject.text);
      expect(reject.reason).toMatch(/^Expected /);
      expect(reject.file).toBe(file);
    }
  });

  it('has lines that are too long rejected, with their text only when it is short', async () => {
    const long = accept(2, 'x'.repeat(70_000));
    const file = temporaryFile(`${accept(1)}\n${long}\n${accept(3)}\n`);
    const one = await runSource(dionaea({ file, maxLine: '1kB' }));
    expect(one.incidents.map(({ origin }) => origin)).toEqual(['acme.1', 'acme.3']);
    expect(one.rejects).toEqual([
      {
        file,
        offset: Buffer.byteLength(accept(1)) + 1,
        length: Buffer.byteLength(long),
        reason: `Expected a line of at most 4000 bytes, found ${Buffer.byteLength(long)}.`,
      },
    ]);
    const two = await runSource(dionaea({ file, maxLine: '0.02kB' }));
    expect(two.rejects.map(({ text }) => text)).toEqual([accept(1), undefined, accept(3)]);
  });

  it('has invalid UTF-8 kept in rejects and replaced in incidents, with one warning', async () => {
    const broken = Buffer.concat([Buffer.from('x'), Buffer.from([0xff, 0xfe])]);
    const latin = Buffer.from(
      '{"timestamp":"2026-11-22T06:24:54","origin":"acme.x","data":{"a":"\u00e9"}}\n',
      'latin1',
    );
    const content = Buffer.concat([broken, Buffer.from('\n'), latin, latin]);
    const { incidents, rejects, warnings } = await runSource(dionaea({ file: temporaryFile(content) }));
    expect(rejects.map(({ text }) => text)).toEqual([new Uint8Array(broken)]);
    expect(incidents.map(({ data }) => data)).toEqual([{ a: '\ufffd' }, { a: '\ufffd' }]);
    expect(warnings).toEqual(['some lines are not valid UTF-8; invalid bytes are replaced by U+FFFD']);
  });

  it('is read in batches of at most 1,000', async () => {
    const file = temporaryFile(Array.from({ length: 5500 }, (_, i) => accept(i % 3)).join('\n'));
    const { incidents, batches, progress } = await runSource(dionaea({ file }));
    expect(incidents.length).toBe(5500);
    expect(Math.max(...batches)).toBe(1000);
    const size = readFileSync(file).length;
    expect(progress.at(-1)).toEqual({ done: size, total: size });
  });

  it('that is empty or blank gives nothing', async () => {
    for (const content of ['', '\n', '\ufeff', ' \r\n\n', gzipSync('')])
      expect(await runSource(dionaea({ file: temporaryFile(content) }))).toMatchObject({
        incidents: [],
        rejects: [],
      });
  });

  it('is read in constant memory even with a line of half a gigabyte', async () => {
    const file = temporaryFile(`${accept(1)}\n`);
    const start = readFileSync(file).length;
    // A hole in the file, which needs no space on the disk.
    truncateSync(file, start + 512 * 1024 * 1024);
    appendFileSync(file, `\n${accept(2)}\n`);
    let peak = 0;
    const { incidents, rejects } = await runSource(dionaea({ file }), {}, ({ progress }) => ({
      now: () => {
        peak = Math.max(peak, process.memoryUsage().arrayBuffers);
        return progress.length;
      },
    }));
    expect(incidents.map(({ origin }) => origin)).toEqual(['acme.1', 'acme.2']);
    expect(rejects).toMatchObject([{ offset: start, length: 512 * 1024 * 1024 }]);
    expect(rejects[0]).not.toHaveProperty('text');
    expect(peak).toBeLessThan(200 * 1024 * 1024);
  });
});

describe('resuming a file of log_incident', () => {
  const lines = [accept(1), '', 'not json', accept(2, 'ü'), `${accept(3)}\r`, '{"cut', accept(4)];
  const content = Buffer.from(lines.join('\n'));

  it('gives exactly the remaining incidents, after any incident, of plain and gzipped files', async () => {
    for (const file of [temporaryFile(content), temporaryFile(gzipSync(content))]) {
      const all = (await runSource(dionaea({ file }))).incidents;
      expect(all.length).toBe(4);
      for (const [index, { id }] of all.entries()) {
        const [stream = '', ordinal] = id.split(':');
        const rest = await runSource(dionaea({ file }), { [stream]: Number(ordinal) });
        expect(ids(rest.incidents)).toEqual(ids(all.slice(index + 1)));
      }
    }
  });

  it('gives all incidents of a file that grew at any byte, as if it had been complete from the start', async () => {
    const origins = (incidents: readonly Incident[]) => incidents.map(({ origin }) => origin);
    const expected = origins((await runSource(dionaea({ file: temporaryFile(content) }))).incidents);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(content.length), { maxLength: 4 }),
        fc.boolean(),
        async (cuts, compressed) => {
          const file = temporaryFile('');
          const taken: string[] = [];
          let checkpoint = {};
          for (const cut of [...cuts.sort((a, b) => a - b), content.length]) {
            const part = content.subarray(0, cut);
            writeFileSync(file, compressed ? gzipSync(part) : part);
            const result = await runSource(dionaea({ file }), checkpoint);
            taken.push(...origins(result.incidents));
            checkpoint = result.checkpoint;
          }
          expect(taken).toEqual(expected);
        },
      ),
      {
        numRuns: 60,
        examples: [
          [[332], false],
          [[332], true],
        ],
      },
    );
  });

  it('works when the file ended between a line and its CR and LF', async () => {
    const [first, second] = [`${accept(1)}\r\n`, `${accept(2)}\r\n`];
    for (const pack of [(text: string) => text, (text: string) => gzipSync(text)]) {
      for (const missing of [2, 1]) {
        const file = temporaryFile(pack(first.slice(0, -missing)));
        const { checkpoint } = await runSource(dionaea({ file }));
        writeFileSync(file, pack(first + second));
        const { incidents, rejects } = await runSource(dionaea({ file }), checkpoint);
        expect(incidents.map(({ origin }) => origin)).toEqual(['acme.2']);
        expect(rejects).toEqual([]);
      }
    }
  });

  it('starts at a last line that was incomplete and rejected before', async () => {
    const file = temporaryFile(`${accept(1)}\n${accept(2).slice(0, -3)}`);
    const first = await runSource(dionaea({ file }));
    expect(first.rejects).toMatchObject([
      { reason: expect.stringContaining('The last line is incomplete.') },
    ]);
    appendFileSync(file, `${accept(2).slice(-3)}\n`);
    const second = await runSource(dionaea({ file }), first.checkpoint);
    expect(second.incidents.map(({ origin }) => origin)).toEqual(['acme.2']);
  });

  it('seeks in a large file and checks the line at that position', async () => {
    const many = Array.from({ length: 30_000 }, (_, index) => accept(index % 7)).join('\n');
    const file = temporaryFile(many);
    const { checkpoint, incidents } = await runSource(dionaea({ file }));
    const [stream = ''] = Object.keys(checkpoint);
    const near = incidents.at(-3)?.id.split(':')[1];
    const rest = await runSource(dionaea({ file }), { [stream]: Number(near) });
    expect(ids(rest.incidents)).toEqual(ids(incidents.slice(-2)));
  });

  it.each([
    ['was truncated', (text: string) => text.slice(0, -40), /ends at byte \d+/],
    [
      'has other lines',
      (text: string) => text.replaceAll('6:24:54.818162', '6:24:54').padEnd(text.length + 9, ' \n'),
      /line/,
    ],
    [
      'has no incident there',
      (text: string) => text.replace(/"origin": "acme.2"/, '"onigir": "acme.2"'),
      /incident/,
    ],
  ])('fails with the reason for a file that %s', async (_, change, problem) => {
    for (const pack of [(text: string) => text, (text: string) => gzipSync(text)]) {
      const text = `${accept(1)}\n${accept(2)}\n`;
      const file = temporaryFile(pack(text));
      const { checkpoint } = await runSource(dionaea({ file }));
      const changed = `${accept(1)}\n${change(text.slice(accept(1).length + 1))}`;
      writeFileSync(file, pack(changed));
      const failure = runSource(dionaea({ file }), checkpoint);
      await expect(failure).rejects.toMatchObject({
        code: 'TARGET_UNREADABLE',
        message: expect.stringContaining(file),
      });
      await expect(failure).rejects.toThrow(problem);
    }
  });

  it('starts from the beginning of a file with another first line', async () => {
    const file = temporaryFile(`${accept(1)}\n`);
    const { checkpoint } = await runSource(dionaea({ file }));
    writeFileSync(file, `${accept(7)}\n`);
    const { incidents } = await runSource(dionaea({ file }), checkpoint);
    expect(incidents.map(({ origin }) => origin)).toEqual(['acme.7']);
  });
});
