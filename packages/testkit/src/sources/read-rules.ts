import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type Incident, parseIncidentId, type Source } from '@ihandler/core';
import { assertRisingIds, contentOf, readAll, type SourceSubject, type SourceWorld } from './source-world.ts';

/** A rule for a source that reads a file to its end. */
export interface ReadRule {
  readonly name: string;
  check(world: SourceWorld, subject: SourceSubject, read: (file: string) => Source): Promise<void>;
}

function linesOf({ line }: SourceSubject, last: number): string {
  return Array.from({ length: last }, (_, index) => `${line(index + 1)}\n`).join('');
}

/** The ids and contents, without `local`, which depends on the options of each source. */
function shown(incidents: readonly Incident[]): readonly string[] {
  return incidents.map((incident) => `${incident.id} ${contentOf(incident)}`);
}

/** The rules for sources that read a file to its end. */
export const readRules: readonly ReadRule[] = [
  {
    name: 'reads a file, compressed or not, with the ids that it has when it is followed',
    async check(world, _subject, read) {
      world.writer.write(12);
      world.start();
      await world.arrive(12);
      const followed = shown(world.host.incidents);
      assert.deepEqual(shown(await readAll(read(world.file))), followed);
      await world.stop();
      await world.writer.rename(0, false);
      await world.writer.gzip(1);
      assert.deepEqual(shown(await readAll(read(`${world.file}.1.gz`))), followed);
    },
  },
  {
    name: 'resumes after each incident, with the same incidents',
    async check({ file }, subject, read) {
      const text = linesOf(subject, 10);
      for (const content of [text, gzipSync(text)]) {
        writeFileSync(file, content);
        const all = await readAll(read(file));
        assertRisingIds(all);
        for (const [index, { id }] of all.entries()) {
          const { stream, ordinal } = parseIncidentId(id);
          const rest = await readAll(read(file), { [stream]: ordinal });
          assert.deepEqual(shown(rest), shown(all.slice(index + 1)), `Expected what follows ${id}.`);
        }
      }
    },
  },
  {
    name: 'reads each line of a growing file once',
    async check({ file }, subject, read) {
      const text = linesOf(subject, 10);
      writeFileSync(file, text);
      const expected = shown(await readAll(read(file)));
      writeFileSync(file, '');
      const found: Incident[] = [];
      for (let n = 1; n <= 10; n += 1) {
        appendFileSync(file, `${subject.line(n)}\n`);
        const last = found.at(-1);
        const { stream, ordinal } = last ? parseIncidentId(last.id) : { stream: '', ordinal: 0 };
        found.push(...(await readAll(read(file), { [stream]: ordinal })));
      }
      assert.deepEqual(shown(found), expected);
    },
  },
];
