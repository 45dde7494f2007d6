import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { advance, type Incident, type Value } from '@ihandler/core';
import { createDurableHost, sourceContext, until } from '@ihandler/testkit';
import { describe, expect, it } from 'vitest';
import type { LineFormat } from '../format.ts';
import { followLines, readLines } from '../sources.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { numberedLines as lines, numbered } from '../testing/numbered.ts';

/** Only every third line holds an incident, so the last line of a log often holds none. */
const sparse: LineFormat = {
  ...numbered,
  timeOf: (line) => JSON.parse(line).time,
  parse: (line, context) =>
    JSON.parse(line).n % 3 === 0 ? numbered.parse(line, context) : { incidents: [] },
};

/** A log, a live host and imports that share a store with a checkpoint. */
function world() {
  const file = join(temporaryFolder(), 'sensor.log');
  const stored: unknown[] = [];
  const warnings: string[] = [];
  const checkpoint: Record<string, number> = {};
  const handlersHave = (stream: string, ordinal: number) => (checkpoint[stream] ?? -1) >= ordinal;
  let imported: Value | undefined;
  const host = createDurableHost({
    handlersHave,
    otherStates: () => (imported === undefined ? [] : [imported]),
  });
  function store(incidents: readonly Incident[]): void {
    for (const incident of incidents) {
      const [stream = '', ordinal] = incident.id.split(':');
      if (Number(ordinal) <= (checkpoint[stream] ?? -1)) continue;
      advance(checkpoint, incident);
      stored.push(incident.data['n']);
    }
  }
  return {
    file,
    stored,
    warnings,
    async import() {
      const state = host.state();
      const lent = sourceContext({
        checkpoint: { ...checkpoint },
        sensor: 'hive',
        state: imported,
        otherStates: () => (state === undefined ? [] : [state]),
      });
      await readLines({ name: 'lines', format: sparse, file }).run(lent.context);
      imported = lent.state();
      warnings.push(...lent.lines.filter((line) => line.startsWith('warn')));
      store(lent.incidents);
    },
    async follow(last: number) {
      const before = host.incidents.length;
      const source = followLines({ name: 'lines-follow', format: sparse, file, poll: 1 });
      const { stop } = host.run(source);
      await until(() => host.incidents.some(({ data }) => data['n'] === last), `line ${last} arrived`);
      await new Promise((resolve) => setTimeout(resolve, 40));
      await stop();
      store(host.incidents.slice(before));
    },
  };
}

function replace(file: string, text: string): void {
  writeFileSync(`${file}~`, text);
  renameSync(`${file}~`, file);
}

describe('a log whose last lines hold no incident', () => {
  it('is stored once when its head is trimmed after it was followed, and it is imported', async () => {
    const { file, stored, warnings, ...there } = world();
    writeFileSync(file, lines(1, 20));
    await there.follow(18);
    replace(file, lines(11, 20));
    await there.import();
    replace(file, lines(14, 23));
    await there.import();
    expect([stored, warnings]).toEqual([[3, 6, 9, 12, 15, 18, 21], []]);
  });

  it('is stored once when its head is trimmed after it was imported, and it is followed', async () => {
    const { file, stored, warnings, ...there } = world();
    writeFileSync(file, lines(1, 20));
    await there.import();
    await there.import();
    replace(file, lines(11, 25));
    await there.follow(24);
    expect([stored, warnings]).toEqual([[3, 6, 9, 12, 15, 18, 21, 24], []]);
  });
});
