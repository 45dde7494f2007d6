import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incident } from '../contract/incident.ts';
import { incidentOf } from '../testing/delivery.ts';
import { createKnownIds } from './known-ids.ts';

const withId = (id: string): Incident => ({ ...incidentOf(1), id });

/** Ordinals that rise within a stream, with some of the earlier ones again: what sources and handlers hand over. */
const history = fc
  .array(
    fc.array(
      fc.record({
        stream: fc.constantFrom('s', 't', 's/one/0', 's:1', '__proto__', 'é'),
        step: fc.oneof(fc.nat(3), fc.constantFrom(10 ** 15, 10 ** 14)),
        again: fc.boolean(),
      }),
      { maxLength: 12 },
    ),
    { maxLength: 8 },
  )
  .map((batches) => {
    const last = new Map<string, number>();
    return batches.map((batch) =>
      batch.flatMap(({ stream, step, again }) => {
        const ordinal = Math.min((last.get(stream) ?? -1) + 1 + step, Number.MAX_SAFE_INTEGER);
        last.set(stream, ordinal);
        const incident = withId(`${stream}:${ordinal}`);
        return again ? [incident, withId(`${stream}:${ordinal}`)] : [incident];
      }),
    );
  });

describe('known ids', () => {
  it('are a set, for ordinals that rise within their stream', () => {
    fc.assert(
      fc.property(history, fc.array(fc.nat(7)), (batches, repeats) => {
        const known = createKnownIds();
        const model = new Set<string>();
        const all = batches.flatMap((batch, index) =>
          repeats.includes(index) && batches[index - 1] ? [batches[index - 1] ?? [], batch] : [batch],
        );
        for (const batch of all) {
          const expected = batch.filter(({ id }) => !model.has(id) && model.add(id));
          expect(known.take(batch)).toEqual(expected);
        }
        for (const stream of ['s', 't', 's:1', '__proto__', 'constructor']) {
          const ordinals = [...model].flatMap((id) =>
            id.startsWith(`${stream}:`) && !id.slice(stream.length + 1).includes(':')
              ? [Number(id.slice(stream.length + 1))]
              : [],
          );
          expect(known.highest(stream)).toBe(ordinals.length === 0 ? undefined : Math.max(...ordinals));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('notice a foreign or invalid id between two that count up', () => {
    const counting = fc.record({
      first: fc.integer({ min: 100, max: 9000 }),
      length: fc.integer({ min: 3, max: 300 }),
      at: fc.nat(),
      character: fc.nat(3),
      instead: fc.constantFrom(':', '/', 'x', ' ', '~'),
    });
    fc.assert(
      fc.property(counting, ({ first, length, at, character, instead }) => {
        const batch = Array.from({ length }, (_, n) => withId(`s:${first + n}`));
        const place = at % length;
        const digits = [...String(first + place)];
        digits[Math.min(character, digits.length - 1)] = instead;
        const odd = withId(`s:${digits.join('')}`);
        const isId = /^[1-9][0-9]*$|^0$/.test(odd.id.slice(odd.id.lastIndexOf(':') + 1));
        const known = createKnownIds();
        if (isId) known.take([odd]);
        const mixed = batch.with(place, odd);
        if (isId) expect(known.take(mixed)).toEqual(batch.toSpliced(place, 1));
        else expect(() => known.take(mixed)).toThrow(expect.objectContaining({ code: 'INCIDENT_INVALID' }));
      }),
      { numRuns: 500 },
    );
  });

  it('return the batch itself when all of it is new', () => {
    const batch = ['s:1', 's:2', 's:900'].map(withId);
    expect(createKnownIds().take(batch)).toBe(batch);
  });

  it.each([...['no id', 's:', 's:x', 's:1e3', 's:01', 's:-1', `s:${2 ** 53}`]])(
    'remember nothing of a batch with %j in it',
    (bad) => {
      const known = createKnownIds();
      for (const batch of [
        ['s:1', bad],
        [bad, 's:1'],
        ['s:1', 't:1', bad],
      ])
        expect(() => known.take(batch.map(withId))).toThrow(
          expect.objectContaining({ code: 'INCIDENT_INVALID' }),
        );
      expect(known.highest('s')).toBeUndefined();
      expect(known.take(['s:1'].map(withId))).toHaveLength(1);
    },
  );
});
