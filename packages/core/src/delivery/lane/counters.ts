import { describeError } from '../../contract/error.ts';
import type { Handler } from '../../contract/handler.ts';
import type { Log } from '../../contract/log.ts';

const none = Object.freeze({});

/** What a handler counts of itself; nothing when it fails to: whoever asks for the status of all is to get it. */
export function countersOf(handler: Handler, log: Log): Readonly<Record<string, number>> {
  try {
    return handler.counters?.() ?? none;
  } catch (error) {
    log.debug('cannot tell what it counts', { error: describeError(error) });
    return none;
  }
}
