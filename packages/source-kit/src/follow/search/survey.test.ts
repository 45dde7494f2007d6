import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/folder.ts';
import { numberedLine as line, numbered } from '../../testing/numbered.ts';
import { isPartName } from './part-names.ts';
import { Surveyor } from './survey.ts';

/** The processor time, in microseconds, of checks beside so many parts while the followed file grows. */
async function effort(parts: number): Promise<number> {
  const folder = temporaryFolder();
  const file = join(folder, 'incident.json');
  for (let n = 1; n <= parts; n += 1) writeFileSync(`${file}.${n}`, line(n));
  writeFileSync(file, line(1000));
  const surveyor = new Surveyor({ file }, { format: numbered, sensor: 'hive' }, Date.now);
  await (await surveyor.survey()).close();
  const before = process.cpuUsage();
  for (let n = 0; n < 200; n += 1) {
    appendFileSync(file, line(1001 + n));
    await surveyor.signature();
  }
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

describe('the survey of a folder', () => {
  it('takes about the same time beside 3 and beside 365 rotated parts', { retry: 3 }, async () => {
    await effort(3); // warms up
    const few = await effort(3);
    expect(await effort(365)).toBeLessThan(4 * few);
  });
});

describe('the name of a rotated part', () => {
  it.each([
    'F.json.1',
    'F.json.12.gz',
    'F.json-20261125',
    'F.json-20261125.xz',
    'F-20261125.json',
    'F-2026-11-25_10-30.json.gz',
    'F.json.2026-11-25',
    'F.json-1764028800.zst',
    'F.1.json',
    'F.json.old',
    'F.json.gz',
  ])('can be %s', (name) => {
    expect(isPartName(name, 'F.json')).toBe(true);
  });

  it.each([
    'F.json',
    'F.json.txt',
    'F-tail.json',
    'F.grep.json',
    'F.json~',
    'F.jsonl',
    'FF.json.1',
    'F.json.swp',
  ])('cannot be %s', (name) => {
    expect(isPartName(name, 'F.json')).toBe(false);
  });

  it('has another date when the name of the file has one, and no other number', () => {
    expect(isPartName('pot-20261124.json', 'pot-20261125.json')).toBe(true);
    expect(isPartName('pot-2.json', 'pot-1.json')).toBe(false);
  });
});
