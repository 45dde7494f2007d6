import assert from 'node:assert/strict';
import { poison } from '../incident.ts';
import { assertAccepted, casesOf, deliverCases, type Vary } from '../suite/cases.ts';
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

/** A rule that the handler accepts variations of the data of every usable origin. */
function accepts(name: string, vary: Vary, atMost = Number.POSITIVE_INFINITY): Rule {
  return {
    name,
    async check(subject) {
      const origins = await subject.usable();
      await deliverCases(subject, casesOf(origins.slice(0, atMost), vary));
    },
  };
}

/** Data without a schema: none, and data of an unexpected form. */
const unexpected: Vary = () => [
  { what: 'no data', data: {} },
  { what: 'data of an unexpected form', data: { connection: 'none', url: 7, list: [[], {}], nothing: null } },
];

/** Rules on the incidents that a handler must accept. An attacker decides what is in them. */
export const resilienceRules: readonly Rule[] = [
  {
    name: 'handles an ordinary incident of each origin that its globs match',
    async check(subject) {
      const origins = await subject.inspect(knownOriginsFor);
      await deliverCases(
        subject,
        casesOf(origins, (_, data) => [{ what: 'ordinary data', data }]),
      );
    },
  },
  {
    name: 'accepts unknown origins, if its globs match them',
    async check(subject) {
      await deliverCases(subject, casesOf(await subject.inspect(foreignOriginsFor), unexpected));
    },
  },
  {
    name: 'accepts data that does not fit its schema, if it listens to everything',
    async check(subject) {
      const origins = await subject.inspect((handler) =>
        takesEverything(handler) ? knownOriginsFor(handler) : [],
      );
      await deliverCases(subject, casesOf(origins, misfits));
    },
  },
  accepts('accepts minimal data: empty strings and lists, no optional keys', emptied),
  accepts('accepts control characters, quotes and broken Unicode in any string', hostileTexts),
  accepts('accepts bytes where text may be bytes', hostileBytes),
  accepts('accepts any number where a number may be', hostileNumbers),
  accepts('accepts the largest values: 1 MiB of text, 10,000 keys, 100 levels', huge, 3),
  {
    name: 'treats keys such as __proto__ and hasOwnProperty as data',
    async check(subject) {
      try {
        await deliverCases(subject, casesOf(await subject.usable(), trickyKeysIn));
        const shadow = ({} as { polluted?: unknown }).polluted;
        assert.equal(
          shadow,
          undefined,
          'Expected a key __proto__ to stay data, found it in the prototype of every object.',
        );
      } finally {
        Reflect.deleteProperty(Object.prototype, 'polluted');
      }
    },
  },
  {
    name: 'continues after an incident that cannot be handled',
    check: async ({ inWorld, usable, sample }) => {
      const [origin] = await usable();
      const [before, after] = [await sample(2), await sample(4, 4)];
      const bad = poison(origin, { id: 'conformance:3' });
      await inWorld(async (world) => {
        const life = await world.live({ batch: 4 });
        await life.deliver([...before, bad, ...after]);
        assertAccepted(
          life,
          [...before, ...after].map((incident) => ({
            what: 'ordinary data next to an incident that cannot be handled',
            incident,
          })),
        );
        await life.close();
      });
    },
  },
];
