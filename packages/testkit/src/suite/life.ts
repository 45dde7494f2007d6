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
import { inTime } from './in-time.ts';
import { type HandlerPoint, type Observed, observe } from './observe.ts';

/** Every point at which something may be made to happen. */
export type Point = JournalPoint | HandlerPoint;

/** How a process lives. */
export interface LifeOptions {
  /** The most incidents at once. @default 1000 */
  readonly batch?: number;
  readonly at?: AtPoint<Point>;
  readonly crash?: Crash;
}

/** What a life is made of. */
export interface LifeParts {
  readonly handler: Handler;
  readonly disk: Disk;
  readonly dataDir: string;
  /** How long the handler may do nothing before it counts as stuck, in milliseconds. */
  readonly patience: number;
}

/** What became of an incident: handled, given up on purpose with a permanent error, or by accident. */
export type Fate =
  | { readonly kind: 'handled' | 'refused' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** A process with a dispatcher and the handler. */
export interface Life extends Pick<Observed, 'calls' | 'misreports' | 'closeErrors'> {
  readonly handler: Handler;
  /** Throws when the handler does not start. */
  start(): Promise<void>;
  /** Reports, and returns when all is handled or given up, or the process is dead. Throws when the handler does not get on. */
  deliver(incidents: readonly Incident[]): Promise<void>;
  fateOf(incident: Incident): Fate;
  reopen(): Promise<void>;
  /** Lets it forget everything, as an operator does; what it answers. Throws when it fails, or does not answer. */
  forget(): Promise<string | undefined>;
  /** Ends as processes should. Safe to call twice. */
  close(): Promise<void>;
}

/** The instance under which the handler runs. */
export const INSTANCE = 'conformance';

/** A web that answers everything with 200 and `{}`: nothing leaves the machine. */
async function answer(): Promise<Response> {
  return new Response('{}', { status: 200, headers: { 'content-type': 'application/json' } });
}

/** Makes a process that has not started, with its journal on a disk and its folders in `dataDir`. */
export function createLife({ handler, disk, dataDir, patience }: LifeParts, options: LifeOptions = {}): Life {
  const { crash, batch = 1000 } = options;
  const letters = new Map<string, DeadLetter>();
  const gone = new AbortController();
  /** The points of the commit that makes the cursor of a new instance, before it starts: no rule is about those. */
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
      behind.failure === undefined ? 'a call has not returned' : `it asks to try again: ${behind.failure}`;
    assert.fail(`Expected it to get on, found nothing done for ${patience} ms: ${doing}.`);
  }

  return {
    ...observed,
    handler,
    async start() {
      try {
        await inTime(dispatcher.start(), 'start()', patience);
      } catch (error) {
        assert.fail(`Expected it to start, found ${describeError(error)}`);
      }
      const [status] = dispatcher.status();
      if (status?.state === 'starting')
        assert.fail(`Expected it to start, found ${status.failure ?? 'that it does not'}.`);
    },
    async deliver(incidents) {
      const all = handleAll(incidents);
      all.catch(() => undefined); // looked at through the race; a dead process may fail however it likes
      await (crash === undefined ? all : Promise.race([all, crash.died]));
    },
    fateOf({ id }) {
      if (!letters.has(id)) return { kind: 'handled' };
      const error = observed.calls.findLast(
        ({ ids, state }) => state === 'failed' && ids.includes(id),
      )?.error;
      return failureKind(error) === 'permanent' ? { kind: 'refused' } : { kind: 'failed', error };
    },
    reopen: () => dispatcher.reopen(),
    async forget() {
      const answers = await inTime(dispatcher.forget(['0.0.0.0/0', '::/0']), 'forget()', patience);
      const answer = answers[INSTANCE];
      if (answer?.startsWith('failed: ')) assert.fail(`Expected forget() to end well, found it ${answer}`);
      return answer;
    },
    close: () => dispatcher.close({ within: patience }),
  };
}
