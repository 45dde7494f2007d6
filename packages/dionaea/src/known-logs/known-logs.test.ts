import { appendFileSync, copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { advance, type Incident, type Value } from '@ihandler/core';
import { createDurableHost, until } from '@ihandler/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import dionaeaFollow from '../follow/source.ts';
import dionaea from '../index.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { incidentLine as line, incidentLines as lines } from '../testing/follow-world.ts';
import { runSource } from '../testing/run-source.ts';

/** A log, a live host and imports that share a data folder and a store with a checkpoint. */
function world() {
  const folder = temporaryFolder();
  const file = join(folder, 'incident.json');
  const stored: string[] = [];
  const warnings: string[] = [];
  let imported: Value | undefined;
  const checkpoint: Record<string, number> = {};
  const handlersHave = (stream: string, ordinal: number) => (checkpoint[stream] ?? -1) >= ordinal;
  const host = createDurableHost({
    handlersHave,
    otherStates: () => (imported === undefined ? [] : [imported]),
  });

  /** Stores what the checkpoint does not cover. */
  function store(incidents: readonly Incident[]): void {
    for (const incident of incidents) {
      const [stream = '', ordinal] = incident.id.split(':');
      if (Number(ordinal) <= (checkpoint[stream] ?? -1)) continue;
      advance(checkpoint, incident);
      stored.push(String(incident.data['url']).slice('http://192.0.2.1/'.length));
    }
  }
  return {
    file,
    stored,
    warnings,
    host,
    beside: (name: string) => join(folder, name),
    async import(path = file): Promise<void> {
      const others = () => [host.state()].filter((state) => state !== undefined);
      const context = () => ({ otherStates: others, handlersHave });
      const output = await runSource(dionaea({ file: path }), checkpoint, context, imported);
      imported = output.state;
      warnings.push(...output.warnings);
      store(output.incidents);
    },
    /** Follows the file until the line with this number has arrived, or for some checks. */
    async follow(last?: number): Promise<void> {
      const before = host.incidents.length;
      const arrived = () =>
        host.incidents.slice(before).some(({ data }) => data['url'] === `http://192.0.2.1/${last}`);
      const { stop } = host.run(dionaeaFollow({ file, poll: '1ms' }));
      if (last !== undefined) await until(arrived, `line ${last} arrived`);
      await new Promise((resolve) => setTimeout(resolve, 40));
      await stop();
      store(host.incidents.slice(before));
    },
  };
}
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
/** Replaces a file by another one. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}~`, text);
  renameSync(`${file}~`, file);
}

describe('a log that is imported and followed, in any order', () => {
  it('is read with a warning when it may be a trimmed copy of a part that the follower has left', async () => {
    const { file, warnings, beside, stored, ...there } = world();
    writeFileSync(file, lines(1, 40));
    await there.follow(40);
    renameSync(file, `${file}.1`);
    writeFileSync(file, lines(41, 50));
    await there.follow(50);
    writeFileSync(beside('extract.txt'), lines(10, 40));
    await there.import(beside('extract.txt'));
    expect(warnings).toEqual([expect.stringContaining('some may be stored twice')]);
  });

  it('is stored once when its head was trimmed after it was followed, seen by the follower or not', async () => {
    const { file, stored, warnings, ...there } = world();
    writeFileSync(file, lines(1, 40));
    await there.follow(40);
    replace(file, lines(21, 40));
    await there.import();
    await there.follow();
    await there.import();
    appendFileSync(file, lines(41, 45));
    await there.import();
    await there.follow(45);
    replace(file, lines(38, 45));
    await there.follow();
    await there.import();
    await there.import();
    expect([stored, warnings]).toEqual([numbers(1, 45), []]);
  });

  it('is stored once when its head was trimmed after it was imported', async () => {
    const { file, stored, warnings, host, ...there } = world();
    writeFileSync(file, lines(1, 40));
    await there.import();
    replace(file, lines(31, 44));
    await there.follow(44);
    await there.import();
    expect([stored, warnings, host.messages]).toEqual([numbers(1, 44), [], []]);
  });

  it('is stored once when its trimmed head and a gzipped archive of it are imported again', async () => {
    const { file, stored, warnings, beside, ...there } = world();
    writeFileSync(file, lines(1, 30));
    await there.import();
    writeFileSync(beside('archive.json.gz'), gzipSync(lines(1, 30)));
    writeFileSync(beside('trimmed.json.gz'), gzipSync(lines(11, 33)));
    replace(file, lines(11, 33));
    for (const name of ['incident.json', 'archive.json.gz', 'trimmed.json.gz', 'incident.json'])
      await there.import(beside(name));
    expect([stored, warnings]).toEqual([numbers(1, 33), []]);
  });

  it('adds nothing from an extract, contiguous or not, that is imported', async () => {
    const { file, stored, warnings, beside, ...there } = world();
    writeFileSync(file, lines(1, 40));
    await there.follow(40);
    writeFileSync(beside('tail.json'), lines(30, 40));
    writeFileSync(beside('middle.json'), lines(10, 20));
    writeFileSync(beside('grep.json'), [3, 7, 8, 31].map((n) => line(n)).join(''));
    appendFileSync(file, line(41));
    await there.follow(41);
    for (const name of ['tail.json', 'middle.json', 'grep.json', 'grep.json'])
      await there.import(beside(name));
    expect([stored, warnings]).toEqual([numbers(1, 41), []]);
  });

  it('gives every line to a handler that does not have the log, and says that others may store some twice', async () => {
    const { file, warnings, host } = world();
    writeFileSync(file, lines(1, 40));
    await runSource(dionaea({ file }));
    const first = await runSource(dionaea({ file }));
    replace(file, lines(31, 44));
    const context = () => ({ handlersHave: () => false });
    const output = await runSource(dionaea({ file }), {}, context, first.state);
    expect(output.incidents).toHaveLength(14);
    expect(output.warnings).toEqual([expect.stringContaining('some may be stored twice')]);
    expect([warnings, host.messages]).toEqual([[], []]);
  });

  it('is stored once, each line, after any writes, trims, copies, imports and runs of the follower', async () => {
    const action = fc.constantFrom(
      'write',
      'write',
      'trim',
      'import',
      'follow',
      'copy',
      'import the copy',
      'rotate',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 16 }), async (actions) => {
        const { file, stored, beside, ...there } = world();
        let last = 10;
        let first = 1;
        let copies = 0;
        writeFileSync(file, lines(1, 10));
        for (const step of actions) {
          if (step === 'write') {
            appendFileSync(file, lines(last + 1, last + 10));
            last += 10;
          } else if (step === 'import') await there.import();
          else if (step === 'follow') await there.follow();
          else if (step === 'copy') {
            copies += 1;
            copyFileSync(file, beside(`copy-${copies}.txt`));
          } else if (step === 'trim') {
            await there.import(); // what nobody has read is lost with a trim
            first = Math.max(first, last - 5);
            replace(file, lines(first, last));
          } else if (step === 'rotate') {
            await there.import();
            await there.follow();
            renameSync(file, beside(`incident.json.${100 - actions.indexOf(step)}`));
            writeFileSync(file, lines(last + 1, last + 3));
            first = last + 1;
            last += 3;
          } else if (copies > 0)
            // A copy that is shorter than what was read is refused.
            await there.import(beside(`copy-${copies}.txt`)).catch((error) => {
              expect(error).toMatchObject({ code: 'TARGET_UNREADABLE' });
            });
        }
        await there.import();
        await there.follow();
        expect([...stored].sort((a, b) => Number(a) - Number(b))).toEqual(numbers(1, last));
      }),
      { numRuns: Number(process.env['FOLLOW_RUNS'] ?? 15), endOnFailure: true },
    );
  }, 120_000);
});
