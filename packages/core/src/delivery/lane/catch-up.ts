import type { HandlerContext } from '../../contract/handler.ts';
import type { Journal, JournalRun } from '../../contract/journal.ts';
import type { LaneCursor } from './lane-cursor.ts';
import type { LaneQueue } from './lane-queue.ts';

/** What catching up needs of its lane. */
export interface CatchUpHost {
  readonly journal: Journal;
  readonly ledger: LaneCursor;
  readonly queue: LaneQueue;
  readonly context: HandlerContext;
  /** How much is read at once. */
  readonly limit: number;
  /** How far it reads on, when nothing is for the lane, before the counts are brought up to date. */
  readonly stride: number;
  /** The position up to which live lanes have been given everything. */
  liveTo(): number;
  /** Queues what of a run is for the lane. */
  route(run: JournalRun): void;
  /** Nothing is left to read: from now on the lane is given what comes, in this very moment. */
  caughtUp(): void;
  moved(): void;
  /** Retention took so many that this lane has not had. */
  lost(count: number): void;
  /** Changes when what was read before must not be delivered any more. */
  generation(): number;
}

/** Reads on in the journal until there is something to deliver, or it has caught up with what live lanes are given. */
export async function catchUp(host: CatchUpHost): Promise<void> {
  const { journal, ledger, queue, context } = host;
  while (queue.size === 0 && !context.signal.aborted) {
    const generation = host.generation();
    const read = journal.read(queue.routed, host.limit);
    const run = read instanceof Promise ? await read : read;
    if (generation !== host.generation()) continue;
    if (run.incidents.length === 0 && queue.routed >= host.liveTo()) return host.caughtUp();
    if (run.before > queue.routed) lose(host, run.before);
    else host.route(run);
    if (queue.routed - ledger.cursor().position >= host.stride) return;
  }
}

/** Retention took what this lane has not had: between deliveries, with an empty queue. */
function lose({ ledger, queue, lost, moved }: CatchUpHost, through: number): void {
  ledger.account(queue.routed, 0, 0);
  lost(ledger.lose(through));
  queue.routed = through;
  moved();
}
