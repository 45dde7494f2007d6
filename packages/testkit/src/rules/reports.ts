import assert from 'node:assert/strict';
import { parseIncidentId } from '@ihandler/core';
import { createCrashAt } from '../disk.ts';
import { INSTANCE } from '../suite/life.ts';
import type { Misreport } from '../suite/misreport.ts';
import type { Rule } from '../suite/rule.ts';
import { sampleOfAll } from '../suite/subject.ts';
import type { World } from '../suite/world.ts';

/** A rule that one kind of invalid report does not occur. */
function neverMisreports(name: string, kind: Misreport['kind']): Rule {
  return {
    name,
    async check(subject) {
      const incidents = await sampleOfAll(subject);
      await subject.inWorld(async (world) => {
        const life = await world.live();
        await life.deliver(incidents);
        for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
        await life.close();
        const wrong = life.misreports.filter((report) => report.kind === kind);
        assert.deepEqual([...new Set(wrong.map(({ message }) => message))], []);
      });
    },
  };
}

/** The ids of the reports that deliveries have made. */
function collected({ disk }: World): readonly string[] {
  return disk.log
    .map(({ id }) => id)
    .filter((id) => /^\d+$/.test(parseIncidentId(id).stream.split(`/${INSTANCE}/`)[1] ?? ''))
    .sort();
}

/** Rules on the incidents that a handler reports. */
export const reportRules: readonly Rule[] = [
  neverMisreports('reports only declared origins, with data that fits', 'undeclared'),
  neverMisreports('names the cause of each report from write()', 'cause'),
  neverMisreports('reports before the delivery ends, not after', 'late'),
  {
    name: 'repeats the reports that a crash discarded, each once',
    async check(subject) {
      if (!(await subject.inspect(({ reports = {} }) => Object.keys(reports).length > 0))) return;
      const incidents = await sampleOfAll(subject);
      let expected: readonly string[] = [];
      await subject.inWorld(async (world) => {
        const life = await world.live();
        await life.deliver(incidents);
        await life.close();
        expected = collected(world);
      });
      await subject.inWorld(async (world) => {
        const first = await world.live({ crash: createCrashAt('commit', 1) });
        await first.deliver(incidents);
        await world.kill(first);
        const second = await world.live();
        await second.deliver(incidents);
        await second.close();
        assert.deepEqual(
          collected(world),
          expected,
          'Expected the same reports with and without a crash before the acknowledgement.',
        );
      });
    },
  },
];
