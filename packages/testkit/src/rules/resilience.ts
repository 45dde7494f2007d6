import assert from 'node:assert/strict';
import { poison } from '../incident.ts';
import { assertTaken, casesOf, takeCases, type Vary } from '../suite/cases.ts';
import { foreignOriginsFor, knownOriginsFor, takesEverything } from '../suite/globs.ts';
import {
  emptied,
  hostileBytes,
  hostileNumbers,
  hostileTexts,
  huge,
  misfits,
  trickyKeysIn,
} from '../suite/hostile.ts';
import type { Rule } from '../suite/rule.ts';

/** A rule that each origin which it takes an ordinary incident of is also taken with other data. */
function takes(name: string, vary: Vary, atMost = Number.POSITIVE_INFINITY): Rule {
  return {
    name,
    async check(subject) {
      const origins = await subject.usable();
      await takeCases(subject, casesOf(origins.slice(0, atMost), vary));
    },
  };
}

/** Data without a schema: nothing, and something that nobody expects. */
const unheardOf: Vary = () => [
  { what: 'no data', data: {} },
  { what: 'data nobody knows', data: { connection: 'none', url: 7, list: [[], {}], nothing: null } },
];

/** Rules on what a handler may be given. Whoever can reach a sensor decides what is in an incident. */
export const resilienceRules: readonly Rule[] = [
  {
    name: 'handles an ordinary incident of each origin it asks for',
    async check(subject) {
      const origins = await subject.inspect(knownOriginsFor);
      await takeCases(
        subject,
        casesOf(origins, (_, data) => [{ what: 'ordinary data', data }]),
      );
    },
  },
  {
    name: 'takes origins it never heard of, if it asks for them',
    async check(subject) {
      await takeCases(subject, casesOf(await subject.inspect(foreignOriginsFor), unheardOf));
    },
  },
  {
    name: 'takes data that does not fit its origin, if it asks for everything',
    async check(subject) {
      const origins = await subject.inspect((handler) =>
        takesEverything(handler) ? knownOriginsFor(handler) : [],
      );
      await takeCases(subject, casesOf(origins, misfits));
    },
  },
  takes('takes as little data as fits: empty strings and lists, no optional keys', emptied),
  takes('takes control characters, quotes and broken Unicode in any string', hostileTexts),
  takes('takes bytes where text may be bytes', hostileBytes),
  takes('takes any number where a number may be', hostileNumbers),
  takes('takes values as large as they come: 1 MiB of text, 10,000 keys, 100 levels', huge, 3),
  {
    name: 'takes keys such as __proto__ and hasOwnProperty as data',
    async check(subject) {
      try {
        await takeCases(subject, casesOf(await subject.usable(), trickyKeysIn));
        const shadow = ({} as { polluted?: unknown }).polluted;
        assert.equal(shadow, undefined, 'Expected a key __proto__ to stay data, found it in every object.');
      } finally {
        Reflect.deleteProperty(Object.prototype, 'polluted');
      }
    },
  },
  {
    name: 'leaves incidents as they were, their bytes too',
    check: async ({ inWorld, usable }) => {
      const cases = casesOf(await usable(), hostileBytes);
      await inWorld(async (world) => {
        const copies = cases.map(({ incident }) => structuredClone(incident));
        const life = await world.live();
        await life.deliver(cases.map(({ incident }) => incident));
        await life.close();
        cases.forEach(({ incident }, index) => {
          assert.deepEqual(incident, copies[index], `Expected ${incident.origin} to stay as it was.`);
        });
      });
    },
  },
  {
    name: 'goes on after an incident that cannot be handled',
    check: async ({ inWorld, usable, sample }) => {
      const [origin] = await usable();
      const [before, after] = [await sample(2), await sample(4, 4)];
      const bad = poison(origin, { id: 'conformance:3' });
      await inWorld(async (world) => {
        const life = await world.live({ batch: 4 });
        await life.deliver([...before, bad, ...after]);
        assertTaken(
          life,
          [...before, ...after].map((incident) => ({ what: 'ordinary data beside a bad one', incident })),
        );
        await life.close();
      });
    },
  },
];
