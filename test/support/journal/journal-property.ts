import { type DeadLetter, type Incident, type JournalStep, parseIncidentId } from '@ihandler/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJournalModel } from './journal-model.ts';
import { cursorAt, incidentOf, type JournalUnderTest, letterAt, readAll } from './journal-samples.ts';

const streams = ['s', 't', 's/one/0', 's/two/0'] as const;
const instances = ['one', 'two'] as const;

/** The number of new incidents of a stream in a call, and of repeated ones before them. */
const batch = fc.record({
  stream: fc.constantFrom(...streams),
  fresh: fc.nat(4),
  again: fc.nat(3),
  twice: fc.boolean(),
});
const action = fc.oneof(
  { weight: 5, arbitrary: batch.map((what) => ({ kind: 'append' as const, ...what })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(batch, fc.constantFrom(...instances), fc.nat(2), fc.nat(2))
      .map(([what, instance, dead, settled]) => ({
        kind: 'commit' as const,
        ...what,
        instance,
        dead,
        settled,
      })),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'wait' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'release' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('forget' as const), every: fc.integer({ min: 2, max: 5 }) }),
  },
);

/** Random calls on a journal and on the model, overlapping until a `wait`, with crashes if the journal supports them. Both must give the same results. */
export function describeJournalProperty(name: string, create: () => Promise<JournalUnderTest>): void {
  describe(`${name}, compared with a model`, () => {
    it('gives the same results as the model for random calls', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
          const { journal: first, reopen } = await create();
          const toClose = [first];
          let journal = first;
          await journal.open();
          const model = createJournalModel();
          const next = new Map<string, number>();
          let pending: Promise<void>[] = [];
          let released = 0;

          function incidents({
            stream,
            fresh,
            again,
            twice,
          }: typeof batch extends fc.Arbitrary<infer T> ? T : never) {
            const from = next.get(stream) ?? 1;
            next.set(stream, from + fresh);
            const ordinals = [];
            for (let n = Math.max(1, from - again); n < from + fresh; n += 1) ordinals.push(n);
            return (twice ? ordinals.flatMap((n) => [n, n]) : ordinals).map((n) =>
              incidentOf(stream, n, { n }),
            );
          }

          async function agrees(): Promise<void> {
            await Promise.all(pending);
            pending = [];
            const { before, last } = journal.bounds();
            expect(last).toBe(model.last());
            expect(before).toBeLessThanOrEqual(released);
            expect(await readAll(journal, before)).toEqual(model.read(before, last));
            for (const stream of streams) {
              expect(await journal.highest(stream)).toBe(model.highest(stream));
              expect(await journal.sourceState(stream)).toEqual(model.sourceState(stream));
            }
            for (const instance of instances) {
              expect(await journal.cursor(instance)).toEqual(model.cursor(instance));
              expect(await journal.deadLetters(instance)).toEqual(model.deadLetters(instance));
            }
          }

          try {
            for (const step of actions) {
              if (step.kind === 'append') {
                const given = incidents(step);
                const mark = { source: step.stream, state: { at: model.last(), bytes: new Uint8Array([1]) } };
                const expected = model.append(given, mark);
                pending.push(
                  Promise.resolve(journal.append(given, mark)).then((run) => expect(run).toEqual(expected)),
                );
              } else if (step.kind === 'commit') {
                const position = model.last();
                const dead: DeadLetter[] = [];
                for (const [i, incident] of model.read(position - step.dead, step.dead).entries())
                  dead.push(letterAt(step.instance, position - step.dead + i + 1, incident));
                const given: JournalStep = {
                  instance: step.instance,
                  cursor: cursorAt(position, { written: { s: position } }),
                  deadLetters: newLetters(dead, model.deadLetters(step.instance)),
                  settled: model
                    .deadLetters(step.instance)
                    .slice(0, step.settled)
                    .map(({ position }) => position),
                  reports: incidents(step),
                };
                const expected = model.commit(given);
                pending.push(
                  Promise.resolve(journal.commit(given)).then((run) => expect(run).toEqual(expected)),
                );
              } else {
                await agrees();
                if (step.kind === 'release') {
                  released = Math.max(released, model.last() - 2);
                  await journal.release(released);
                } else if (step.kind === 'forget') {
                  const matches = ({ origin, id }: Incident) =>
                    origin === 'acme.thing.seen' && parseIncidentId(id).ordinal % step.every === 0;
                  const { before } = journal.bounds();
                  expect(await journal.forget(matches)).toEqual(model.forget(matches, before));
                } else if (step.kind === 'crash' && reopen !== undefined) {
                  journal = await reopen();
                  toClose.push(journal);
                  await journal.open();
                }
                await agrees();
              }
            }
            await agrees();
          } finally {
            for (const each of toClose) await each.close();
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}

/** A position becomes a dead letter only once. */
function newLetters(letters: readonly DeadLetter[], known: readonly DeadLetter[]): readonly DeadLetter[] {
  const last = known.at(-1)?.position ?? 0;
  return letters.filter(({ position }) => position > last);
}
