import { join } from 'node:path';
import { createDurableHost, createRotatingWriter, until } from '@ihandler/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/folder.ts';
import { incidentLine } from '../testing/follow-world.ts';

import dionaeaFollow from './source.ts';

const count = fc.nat(12);
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), count }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('begin' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('rename' as const), late: fc.nat(3), create: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('copyAndCut' as const), between: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replace' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('trim' as const), keep: fc.nat(9), inPlace: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('extract' as const),
      keep: fc.nat(9),
      name: fc.constantFrom('.77', '-20261122', '.grep', '.tail.json'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('gzip' as const), index: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('kill' as const),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('start' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('rest' as const), ms: fc.nat(8) }) },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The number of a line, from the URL in its incident. */
const numberOf = (url: unknown) => Number(String(url).slice('http://192.0.2.1/'.length));

/** Performs the actions on a followed file, then waits for the last line; returns the lines that arrived and those that had to. */
async function play(actions: readonly Action[], rests: readonly number[]) {
  const file = join(temporaryFolder(), 'incident.json');
  const host = createDurableHost();
  const source = dionaeaFollow({ file, poll: '1ms' });
  let turn = 0;
  const rest = async () => {
    turn += 1;
    const ms = rests[turn % rests.length] ?? 0;
    if (ms > 0) await sleep(ms);
  };
  const writer = createRotatingWriter({ file, line: (n) => incidentLine(n).trimEnd(), rest });
  let running = host.run(source);
  const failures: unknown[] = [];
  const watch = () => running.ended.catch((error) => failures.push(error));
  watch();
  // The source ignores parts that are older than its first run, so it must have run once.
  writer.write(1);
  await until(() => host.incidents.length === 1, 'the first line arrived');

  for (const step of actions) {
    if (step.do === 'write') writer.write(step.count);
    else if (step.do === 'begin') writer.begin();
    else if (step.do === 'rename') await writer.rename(step.late, step.create);
    else if (step.do === 'copyAndCut') await writer.copyAndCut(step.between);
    else if (step.do === 'cut') writer.cut();
    else if (step.do === 'replace') await writer.replace();
    else if (step.do === 'trim') await writer.trim(step.keep, step.inPlace);
    else if (step.do === 'extract') writer.extract(step.keep, step.name);
    else if (step.do === 'gzip') await writer.gzip(step.index);
    else if (step.do === 'kill') host.killAt(step.when);
    else if (step.do === 'rest') await sleep(step.ms);
    else {
      await running.stop();
      if (step.do === 'start') {
        running = host.run(source);
        watch();
      }
    }
    await rest();
  }
  await running.stop();
  host.killAt(undefined);
  running = host.run(source);
  watch();
  writer.write(1);
  const last = writer.written();
  const arrived = () => host.incidents.map(({ data }) => numberOf(data['url']));
  await until(() => failures.length > 0 || arrived().includes(last), 'the last line arrived').finally(
    running.stop,
  );
  const required = Array.from({ length: last }, (_, index) => index + 1).filter(
    (n) => !writer.mayBeLost.has(n),
  );
  const once = arrived().filter((n, index, all) => !writer.mayRepeat.has(n) || all.indexOf(n) === index);
  return { arrived: once, required, failures, state: host.largestState() };
}

/** An extract with the name of a part, which ends before the part that it was made of: its last line was lost. */
const shorterExtract: readonly Action[] = [
  { do: 'rename', late: 1, create: true },
  { do: 'stop' },
  { do: 'write', count: 7 },
  { do: 'extract', keep: 6, name: '-20261122' },
  { do: 'rename', late: 0, create: true },
  { do: 'write', count: 3 },
  { do: 'gzip', index: 1 },
];

/** A file beside the log of which it cannot be decided for a while whether it is new: the follower went back and forth. */
const undecided: readonly Action[] = [
  { do: 'write', count: 20 },
  { do: 'extract', keep: 2, name: '-20261122' },
  { do: 'trim', keep: 2, inPlace: false },
  { do: 'kill', when: 'after' },
  { do: 'replace' },
  { do: 'begin' },
  { do: 'copyAndCut', between: 1 },
];

const runs = Number(process.env['FOLLOW_RUNS'] ?? 60);

describe('a file that is rotated or trimmed in any way at any moment, with restarts and kills between', () => {
  it(
    'gives each line once and in order, except for lines that copytruncate and truncation lose themselves',
    async () => {
      const moments = fc.array(fc.constantFrom(0, 0, 0, 1, 2, 4), { minLength: 1, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(
          fc.array(action, { minLength: 5, maxLength: 40 }),
          moments,
          async (actions, rests) => {
            const { arrived, required, failures, state } = await play(actions, rests);
            expect(failures).toEqual([]);
            expect(arrived).toEqual([...new Set(arrived)].sort((a, b) => a - b));
            expect(required.filter((n) => !arrived.includes(n))).toEqual([]);
            expect(state).toBeLessThan(3000);
          },
        ),
        {
          numRuns: runs,
          endOnFailure: true,
          examples: [
            [[...shorterExtract], [0, 4, 4]],
            [[...undecided], [0, 4, 2, 1, 1, 0]],
          ],
        },
      );
    },
    30_000 + runs * 2000,
  );
});
