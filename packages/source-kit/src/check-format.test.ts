import { describe, expect, it } from 'vitest';
import { formatFindings } from './check-format.ts';
import type { LineFormat } from './format.ts';
import { followLines, readLines } from './sources.ts';
import { temporaryFile, temporaryFolder } from './testing/folder.ts';
import { numbered, numberedLine } from './testing/numbered.ts';

const titled: LineFormat = { ...numbered, title: 'lines of acme.json', fix: 'Enable acme.json.' };
const findings = (content: string | Uint8Array) => formatFindings(titled, temporaryFile(content));

describe('the check of the format of a file', () => {
  it('says what a file of another format holds, what is expected and what to use', async () => {
    const file = temporaryFile('src,dst\n192.0.2.1,192.0.2.2\n');
    const finding = {
      found: expect.stringMatching(/gives no incident: Expected lines of acme\.json, found src,dst$/),
      advice: 'Enable acme.json',
    };
    const settings = { name: 'acme', format: titled, file, local: true };
    expect(await followLines(settings).check?.()).toEqual([finding]);
    expect(await readLines(settings).check?.()).toEqual([finding]);
    expect(findings('[{"time": 1},\n{"time": 2}]\n')).toMatchObject([
      { found: expect.stringContaining('JSON array'), advice: expect.stringContaining('jq -c') },
    ]);
  });

  it('finds nothing in a file with one incident, without a whole line, damaged at its beginning, or absent', () => {
    for (const content of [
      '',
      '\n\n',
      numberedLine(1),
      `off"}\n${numberedLine(1)}`,
      `\0\0\0\0\ufeff${numberedLine(1)}`,
      '\0'.repeat(100_000),
      `{"time":1,"text":"${'x'.repeat(100_000)}"}\n`,
    ])
      expect(findings(content)).toEqual([]);
    expect(formatFindings(titled, `${temporaryFolder()}/absent`)).toEqual([]);
    expect(formatFindings(titled, temporaryFolder())).toEqual([]);
    expect(formatFindings(titled, '-')).toEqual([]);
  });
});
