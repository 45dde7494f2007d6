import type { Incident } from '../contract/incident.ts';
import { parseIncidentId } from '../contract/incident-id.ts';

const [ZERO, NINE] = [48, 57];

/** The highest ordinal seen of each stream, which decides what is new: ordinals rise within a stream. */
export interface KnownIds {
  /**
   * Returns the incidents of a batch that are new, and remembers them: the batch itself when all are. Throws
   * `INCIDENT_INVALID` for an invalid id, and then remembers none of the batch.
   */
  take(batch: readonly Incident[]): readonly Incident[];
  /** The highest ordinal of a stream; undefined for an unknown stream. */
  highest(stream: string): number | undefined;
}

/** The end of the run of ids from `from` on that have one length and rise as text. */
function endOfRise(batch: readonly Incident[], from: number): number {
  let last = batch[from]?.id ?? '';
  const { length } = last;
  let at = from + 1;
  for (; at < batch.length; at += 1) {
    const id = batch[at]?.id ?? '';
    if (id.length !== length || !(id > last)) break;
    last = id;
  }
  return at;
}

function sharedLength(left: string, right: string): number {
  let at = 0;
  while (at < left.length && left.charCodeAt(at) === right.charCodeAt(at)) at += 1;
  return at;
}

function areDigits(id: string, from: number): boolean {
  for (let at = from; at < id.length; at += 1) {
    const code = id.charCodeAt(at);
    if (code < ZERO || code > NINE) return false;
  }
  return true;
}

/** Whether two ids of a rise, equal up to `from`, differ in their last character only, and the second ends in a digit. */
function differInLast(left: string, right: string, from: number): boolean {
  const last = left.length - 1;
  for (let at = from; at < last; at += 1) if (left.charCodeAt(at) !== right.charCodeAt(at)) return false;
  return right.charCodeAt(last) <= NINE;
}

/** Whether the ids from `from` up to `end` consist of digits after their first `shared` characters. */
function endInDigits(batch: readonly Incident[], from: number, end: number, shared: number): boolean {
  let isCounting = true;
  for (let at = from; at < end; at += 1) {
    const id = batch[at]?.id ?? '';
    if (!areDigits(id, shared)) return false;
    if (!isCounting) continue;
    // Where ordinals count up, ten share all but their last digit, and nothing else fits between them: one check for ten.
    const ninth = at + NINE - id.charCodeAt(id.length - 1);
    isCounting = ninth < end && differInLast(id, batch[ninth]?.id ?? '', shared);
    if (isCounting) at = ninth;
  }
  return true;
}

/**
 * The highest ordinal of a batch that is of one stream and rises, as most are; undefined for any other. Comparing texts is
 * several times as fast as parsing each: an id between two ids of a stream, of the same length, begins as both begin.
 */
function lastOfRise(batch: readonly Incident[], stream: string): number | undefined {
  let highest = -1;
  for (let from = 0; from < batch.length; ) {
    const end = endOfRise(batch, from);
    const [first, last] = [batch[from]?.id ?? '', batch[end - 1]?.id ?? ''];
    const [low, high] = [parseIncidentId(first), parseIncidentId(last)];
    if (low.stream !== stream || high.stream !== stream || low.ordinal <= highest) return undefined;
    if (!endInDigits(batch, from, end, sharedLength(first, last))) return undefined;
    highest = high.ordinal;
    from = end;
  }
  return highest;
}

/** Creates an empty memory of ids, which lives as long as the process. */
export function createKnownIds(): KnownIds {
  const highest = new Map<string, number>();

  function takeRising(batch: readonly Incident[]): boolean {
    const [first] = batch;
    if (first === undefined) return true;
    const { stream, ordinal } = parseIncidentId(first.id);
    if (ordinal <= (highest.get(stream) ?? -1)) return false;
    const last = lastOfRise(batch, stream);
    if (last !== undefined) highest.set(stream, last);
    return last !== undefined;
  }

  /** Parses all ids before it remembers any. */
  function takeAny(batch: readonly Incident[]): readonly Incident[] {
    const ids = batch.map(({ id }) => parseIncidentId(id));
    return batch.filter((_, index) => {
      const id = ids[index];
      if (id === undefined || id.ordinal <= (highest.get(id.stream) ?? -1)) return false;
      highest.set(id.stream, id.ordinal);
      return true;
    });
  }

  return {
    take: (batch) => (takeRising(batch) ? batch : takeAny(batch)),
    highest: (stream) => highest.get(stream),
  };
}
