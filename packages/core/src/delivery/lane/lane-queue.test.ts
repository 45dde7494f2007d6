import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incident } from '../../contract/incident.ts';
import type { Reached } from '../../routing/router.ts';
import { incidentOf } from '../../testing/delivery.ts';
import { type Batch, createLaneQueue, part, positionAt } from './lane-queue.ts';

const reaches: readonly Reached[] = [0, 1, 2].map(() => ({
  listeners: [],
  maybeOwn: false,
  admits: undefined,
}));

interface Entry {
  readonly incident: Incident;
  readonly position: number;
  readonly reached: Reached | undefined;
}

/** A batch, one line an incident. */
function entriesOf(batch: Batch): readonly Entry[] {
  return batch.incidents.map((incident, index) => ({
    incident,
    position: positionAt(batch, index) ?? Number.NaN,
    reached: 'listeners' in batch.reached ? batch.reached : batch.reached[index],
  }));
}

const kind = fc.nat(2);
const action = fc.oneof(
  fc.record({ kind: fc.constant('push' as const), reached: kind }),
  fc.record({ kind: fc.constant('run' as const), reached: kind, length: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ kind: fc.constant('skip' as const), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('take' as const), limit: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant('reset' as const) }),
);

describe('a lane queue', () => {
  it('returns what was pushed, in order, with its position and listeners', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const queue = createLaneQueue(0);
        let model: readonly Entry[] = [];
        let last = 0;
        const taken: Batch[] = [];
        for (const step of actions) {
          if (step.kind === 'push' || step.kind === 'run') {
            const reached = reaches[step.reached] ?? { listeners: [], maybeOwn: false, admits: undefined };
            const length = step.kind === 'run' ? step.length : 1;
            const run = Array.from({ length }, (_, i) => incidentOf(last + 1 + i));
            if (step.kind === 'run') queue.pushRun(last, run, reached);
            else if (run[0] !== undefined) queue.push(run[0], last + 1, reached);
            model = [...model, ...run.map((incident, i) => ({ incident, position: last + 1 + i, reached }))];
            last += length;
            queue.routed = last;
          } else if (step.kind === 'skip') {
            last += step.count;
            queue.routed = last;
          } else if (step.kind === 'reset') {
            last = queue.taken();
            model = [];
            queue.reset(last);
          } else {
            const batch = queue.take(step.limit);
            const got = entriesOf(batch);
            expect(got).toEqual(model.slice(0, got.length));
            expect(got.length).toBeLessThanOrEqual(step.limit);
            expect(got.length > 0).toBe(model.length > 0);
            model = model.slice(got.length);
            expect(batch.through).toBe((model[0]?.position ?? last + 1) - 1);
            taken.push(batch);
          }
          expect(queue.size).toBe(model.length);
          expect(queue.routed).toBe(last);
          expect(queue.taken()).toBe((model[0]?.position ?? last + 1) - 1);
        }
        // What was taken stays as it was, whatever is pushed afterwards.
        for (const { incidents, positions } of taken)
          if (typeof positions !== 'number') expect(positions).toHaveLength(incidents.length);
      }),
      { numRuns: 500 },
    );
  });

  it('returns a run as it was pushed', () => {
    const queue = createLaneQueue(7);
    const run = [incidentOf(1), incidentOf(2)];
    const [reached] = reaches;
    if (reached !== undefined) queue.pushRun(7, run, reached);
    queue.routed = 9;
    const batch = queue.take(10);
    expect(batch.incidents).toBe(run);
    expect(batch).toMatchObject({ positions: 7, reached, through: 9 });
  });
});

describe('a part of a batch', () => {
  it('has the positions and the listeners of its incidents', () => {
    fc.assert(
      fc.property(fc.nat(10), fc.nat(10), fc.nat(10), fc.boolean(), (length, from, to, whole) => {
        const incidents = Array.from({ length }, (_, i) => incidentOf(i));
        const [reached = { listeners: [], maybeOwn: false, admits: undefined }] = reaches;
        const batch: Batch = whole
          ? { incidents, positions: 100, reached, through: 200 }
          : {
              incidents,
              positions: incidents.map((_, i) => 2 * i),
              reached: incidents.map(() => reached),
              through: 200,
            };
        const cut = part(batch, from, to);
        expect(entriesOf(cut)).toEqual(entriesOf(batch).slice(from, to));
        expect(cut.through).toBe(200);
        expect(positionAt(cut, cut.incidents.length)).toBeUndefined();
      }),
    );
  });
});
