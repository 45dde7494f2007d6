import assert from 'node:assert/strict';
import {
  createDispatcher,
  type DeadLetter,
  describeError,
  failureKind,
  type Handler,
  type Incident,
} from '@ihandler/core';
import type { AtPoint, Crash, Disk, JournalPoint } from '../disk.ts';
import { declaredOrigins } from '../origins.ts';
import { inTime } from './in-time.ts';
import { type HandlerPoint, type Observed, observe } from './observe.ts';

/** Every point at which a test may inject a fault. */
export type Point = JournalPoint | HandlerPoint;

/** Options of a process. */
export interface LifeOptions {
  /** The largest number of incidents in a batch. @default 1000 */
  readonly batch?: number;
  readonly at?: AtPoint<Point>;
  readonly crash?: Crash;
}

/** The parts of a process. */
export interface LifeParts {
  readonly handler: Handler;
  readonly disk: Disk;
  readonly dataDir: string;
  /** Milliseconds without progress after which the handler counts as stuck. */
  readonly patience: number;
}

/** The outcome of an incident: handled, rejected with a permanent error, or failed with another error. */
export type Fate =
  | { readonly kind: 'handled' | 'rejected' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** A simulated process: a dispatcher with the handler. */
export interface Life extends Pick<Observed, 'calls' | 'misreports' | 'closeErrors'> {
  readonly handler: Handler;
  /** Throws when the handler does not start. */
  start(): Promise<void>;
  /** Reports incidents and returns when each has an outcome, or the process is dead. Throws when the handler is stuck. */
  deliver(incidents: readonly Incident[]): Promise<void>;
  fateOf(incident: Incident): Fate;
  reopen(): Promise<void>;
  /** Makes the handler forget every host, as an operator can, and returns its answer. Throws when it fails or does not answer. */
  forget(): Promise<string | undefined>;
  /** Closes the dispatcher. Safe to call twice. */
  close(): Promise<void>;
}

/** The instance under which the handler runs. */
export const INSTANCE = 'conformance';

/** A `fetch` that answers every request with 200 and `{}`, so that nothing leaves the machine. */
async function answer(): Promise<Response> {
  return new Response('{}', { status: 200, headers: { 'content-type': 'application/json' } });
}

/** Makes a process that has not started. Its journal is on `disk`, its folders are in `dataDir`. */
export function createLife({ handler, disk, dataDir, patience }: LifeParts, options: LifeOptions = {}): Life {
  const { crash, batch = 1000 } = options;
  const letters = new Map<string, DeadLetter>();
  const gone = new AbortController();
  /** The points of the commit that creates the cursor of a new instance, before it starts. Rules do not count these. */
  const first = new Set<Point>(disk.cursors.has(INSTANCE) ? [] : ['commit', 'committed']);
  const at: AtPoint<Point> = async (point) => {
    if (first.delete(point)) return;
    await options.at?.(point);
    await crash?.at(point);
  };
  const observed = observe(handler, at);
  const dispatcher = createDispatcher({
    journal: disk.journal(at),
    handlers: [{ handler: observed.handler, instance: INSTANCE }],
    origins: declaredOrigins,
    sensor: 'conformance-sensor',
    dataDir,
    fetch: answer,
    batch,
    retry: { base: 0, cap: 0, attempts: 1 },
    onDeadLetter: (letter) => letters.set(letter.incident.id, letter),
  });
  crash?.died.then(() => gone.abort());

  async function handleAll(incidents: readonly Incident[]): Promise<void> {
    await dispatcher.report(incidents);
    const [behind] = await dispatcher.drain({ stalledAfter: patience, signal: gone.signal });
    if (behind === undefined || crash?.isDead()) return;
    const doing =
      behind.failure === undefined ? 'a call has not returned' : `it asks for a retry: ${behind.failure}`;
    assert.fail(`Expected progress within ${patience} ms, found none: ${doing}.`);
  }

  return {
    ...observed,
    handler,
    async start() {
      try {
        await inTime(dispatcher.start(), 'start()', patience);
      } catch (error) {
        assert.fail(`Expected start() to succeed, found ${describeError(error)}`);
      }
      const [status] = dispatcher.status();
      if (status?.state === 'starting')
        assert.fail(`Expected start() to succeed, found ${status.failure ?? 'that it does not return'}.`);
    },
    async deliver(incidents) {
      const all = handleAll(incidents);
      all.catch(() => undefined); // awaited in the race below; errors of a dead process do not matter
      await (crash === undefined ? all : Promise.race([all, crash.died]));
    },
    fateOf({ id }) {
      if (!letters.has(id)) return { kind: 'handled' };
      const error = observed.calls.findLast(
        ({ ids, state }) => state === 'failed' && ids.includes(id),
      )?.error;
      return failureKind(error) === 'permanent' ? { kind: 'rejected' } : { kind: 'failed', error };
    },
    reopen: () => dispatcher.reopen(),
    async forget() {
      const answers = await inTime(dispatcher.forget(['0.0.0.0/0', '::/0']), 'forget()', patience);
      const answer = answers[INSTANCE];
      if (answer?.startsWith('failed: ')) assert.fail(`Expected forget() to succeed, found ${answer}`);
      return answer;
    },
    close: () => dispatcher.close({ within: patience }),
  };
}
