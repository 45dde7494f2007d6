import type { Incident } from '../contract/incident.ts';
import { parseIncidentId } from '../contract/incident-id.ts';

const [ZERO, NINE] = [48, 57];

/** The highest ordinal seen of each stream, which tells what is new: ordinals rise within a stream. */
export interface KnownIds {
  /** Those of a batch that are new, which are known from now on: the batch itself when all are. Throws `INCIDENT_INVALID`, and then knows none of them. */
  take(batch: readonly Incident[]): readonly Incident[];
  highest(stream: string): number | undefined;
}

/** Where a run of ids of one length ends that rise as text; it begins at `from`. */
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

/** Where two texts part ways. */
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

/** Whether two ids of a rise part at their last character, and the second ends in a digit. */
function partAtLast(left: string, right: string, from: number): boolean {
  const last = left.length - 1;
  for (let at = from; at < last; at += 1) if (left.charCodeAt(at) !== right.charCodeAt(at)) return false;
  return right.charCodeAt(last) <= NINE;
}

/** Whether all of a rise end in digits after so many characters. */
function endInDigits(batch: readonly Incident[], from: number, end: number, shared: number): boolean {
  let counts = true;
  for (let at = from; at < end; at += 1) {
    const id = batch[at]?.id ?? '';
    if (!areDigits(id, shared)) return false;
    if (!counts) continue;
    // Where ordinals count up, ten have all but their last digit in common, and then nothing else has room between them.
    const ninth = at + NINE - id.charCodeAt(id.length - 1);
    counts = ninth < end && partAtLast(id, batch[ninth]?.id ?? '', shared);
    if (counts) at = ninth;
  }
  return true;
}

/**
 * The highest ordinal of a batch that is of one stream and rises, as most are; undefined for any other. Comparing texts is
 * several times as fast as taking each apart: what lies between two ids of a stream, and is as long, begins as they do.
 */
function riseOf(batch: readonly Incident[], stream: string): number | undefined {
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

/** Remembers ids for as long as the process lives. */
export function createKnownIds(): KnownIds {
  const highest = new Map<string, number>();

  function takeRising(batch: readonly Incident[]): boolean {
    const [first] = batch;
    if (first === undefined) return true;
    const { stream, ordinal } = parseIncidentId(first.id);
    if (ordinal <= (highest.get(stream) ?? -1)) return false;
    const risen = riseOf(batch, stream);
    if (risen !== undefined) highest.set(stream, risen);
    return risen !== undefined;
  }

  /** All ids are looked at before any becomes known: a batch with one that is none is not taken at all. */
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
