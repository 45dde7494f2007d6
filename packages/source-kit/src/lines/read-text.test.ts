import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { parseIncidentId } from '@ihandler/core';
import { sourceContext } from '@ihandler/testkit';
import { describe, expect, it } from 'vitest';
import type { LineFormat } from '../format.ts';
import { readLines } from '../sources.ts';
import { temporaryFile } from '../testing/folder.ts';
import { numbered, numberedLines } from '../testing/numbered.ts';
import { pairs, pairsLine, sessions, sessionsLine } from '../testing/sessions-format.ts';

async function read(file: string, format: LineFormat, checkpoint: Readonly<Record<string, number>> = {}) {
  const lent = sourceContext({ checkpoint });
  await readLines({ name: 'lines', format, file }).run(lent.context);
  return lent;
}
const linesOf = (line: (n: number) => string, last: number) =>
  Array.from({ length: last }, (_, index) => line(index + 1)).join('');

describe('a line with several incidents', () => {
  it('gives them ordinals up to the offset of its end, and is resumed within the line', async () => {
    const text = linesOf(pairsLine, 6);
    for (const content of [text, gzipSync(text)]) {
      const file = temporaryFile(content);
      const { incidents } = await read(file, pairs);
      expect(incidents.map(({ data }) => data['n'])).toEqual([1, 1, 2, 2, 2, 3, 4, 4, 5, 5, 5, 6]);
      const ends = [...text.matchAll(/\n/g)].map(({ index }) => index + 1);
      expect(
        incidents.map(({ id }) => parseIncidentId(id).ordinal).filter((at) => ends.includes(at)),
      ).toEqual(ends);
      const { stream, ordinal } = parseIncidentId(incidents[2]?.id ?? '');
      const rest = await read(file, pairs, { [stream]: ordinal });
      expect(rest.incidents).toEqual(incidents.slice(3));
    }
  });

  it('is refused when no incident of it has the position where reading stopped', async () => {
    const file = temporaryFile(linesOf(pairsLine, 6));
    const { incidents } = await read(file, pairs);
    const { stream, ordinal } = parseIncidentId(incidents[2]?.id ?? '');
    await expect(read(file, pairs, { [stream]: ordinal - 5 })).rejects.toMatchObject({
      code: 'TARGET_UNREADABLE',
      message: expect.stringContaining('no incident ends there'),
    });
  });

  it('is rejected when it has more incidents than characters', async () => {
    const many: LineFormat = {
      name: 'many',
      parse: () => ({
        incidents: Array.from({ length: 6 }, () => ({ origin: 'a.b', timestamp: 1, data: {} })),
      }),
    };
    const { incidents, rejects } = await read(temporaryFile('12345\n123456\n'), many);
    expect(incidents).toHaveLength(6);
    expect(new Set(incidents.map(({ id }) => id)).size).toBe(6);
    expect(rejects).toMatchObject([{ offset: 0, length: 5, reason: expect.stringContaining('found 6') }]);
  });
});

describe('a line without incidents', () => {
  const odd: LineFormat = {
    ...numbered,
    parse: (line, context) =>
      JSON.parse(line).n % 2 === 0 ? { incidents: [] } : numbered.parse(line, context),
  };

  it('is skipped and counted, and the file is not taken for one of another format', async () => {
    const file = temporaryFile(numberedLines(1, 9));
    const { incidents, rejects, lines } = await read(file, odd);
    expect(incidents.map(({ data }) => data['n'])).toEqual([1, 3, 5, 7, 9]);
    expect([rejects, lines]).toEqual([
      [],
      [expect.stringMatching(/^info: skipped lines that hold no incident .*"lines":4/)],
    ]);
  });

  it('makes no error of a file that has no others', async () => {
    const none: LineFormat = { ...numbered, parse: () => ({ incidents: [] }) };
    const { incidents, lines } = await read(temporaryFile(numberedLines(1, 3)), none);
    expect([incidents, lines.filter((line) => line.startsWith('error'))]).toEqual([[], []]);
  });
});

describe('a line for which parse throws', () => {
  it('is rejected with the message', async () => {
    const throws: LineFormat = {
      ...numbered,
      parse(line, context) {
        if (line.includes('"n":2')) throw new Error('Expected another number.');
        return numbered.parse(line, context);
      },
    };
    const { incidents, rejects } = await read(temporaryFile(numberedLines(1, 3)), throws);
    expect(incidents).toHaveLength(2);
    expect(rejects).toMatchObject([{ reason: expect.stringContaining('Expected another number.') }]);
  });

  it('is rejected when the format uses sessions that it does not declare', async () => {
    const { sessions: _, ...undeclared } = sessions;
    const { rejects } = await read(temporaryFile(sessionsLine(1)), undeclared);
    expect(rejects).toMatchObject([{ reason: expect.stringContaining('add "sessions: {}"') }]);
  });
});

describe('a file whose format has sessions', () => {
  it('is read from its beginning again to know the sessions, and gives only what is new', async () => {
    const file = temporaryFile(linesOf(sessionsLine, 10));
    const { incidents } = await read(file, sessions);
    const { stream, ordinal } = parseIncidentId(incidents[5]?.id ?? '');
    const rest = await read(file, sessions, { [stream]: ordinal });
    expect(rest.incidents).toEqual(incidents.slice(6));
    expect(rest.incidents.every(({ data }) => data['ip'] !== null)).toBe(true);
  });

  it('is refused when it is shorter than before, or another text', async () => {
    const file = temporaryFile(linesOf(sessionsLine, 10));
    const { checkpoint } = await read(file, sessions);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.slice(0, -60));
    await expect(read(file, sessions, checkpoint)).rejects.toMatchObject({ code: 'TARGET_UNREADABLE' });
    writeFileSync(file, text.replace('"n":5', '"n":50000') + text);
    await expect(read(file, sessions, checkpoint)).rejects.toThrow('no incident ends there');
  });

  it('says how many sessions were forgotten when there are too many', async () => {
    const open: LineFormat = { ...sessions, sessions: { max: 1 } };
    const { lines } = await read(temporaryFile(linesOf(sessionsLine, 12)), open);
    expect(lines).toEqual([expect.stringMatching(/^warn: too many open sessions.*"sessions":3/)]);
  });
});
