import { describeError } from '../contract/error.ts';
import { settlesWithin } from '../timing/settles-within.ts';
import type { DispatcherParts } from './dispatcher-parts.ts';
import type { Lane } from './lane/lane.ts';

/**
 * Stops all lanes at once, closes their handlers in reverse order, then the journal. A delivery that has not settled after `within`
 * milliseconds is abandoned.
 */
export async function closeDispatcher(
  { lanes, journal, failed, log }: Pick<DispatcherParts, 'lanes' | 'journal' | 'failed' | 'log'>,
  within: number,
): Promise<void> {
  async function closeLane({ cursor, handler }: Lane): Promise<void> {
    await cursor
      .settle()
      .catch((error: unknown) =>
        log().error('cannot store the last acknowledgement', { error: describeError(error) }),
      );
    await handler.close();
  }

  const hasStopped = await Promise.all(lanes.map((lane) => settlesWithin(lane.stop(), within)));
  for (const [index, lane] of [...lanes.entries()].toReversed()) {
    const isInTime = hasStopped[index] === true && (await settlesWithin(closeLane(lane), within));
    if (!isInTime) log().error('did not stop in time; abandoning it', { instance: lane.instance });
  }
  try {
    await journal.close();
  } catch (error) {
    // The failure of a failed journal was reported before.
    if (!failed.aborted) throw error;
  }
}
