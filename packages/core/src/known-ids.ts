import type { Incident } from './incident.ts';
import { parseIncidentId } from './incident-id.ts';

/** The highest ordinal seen of each stream, which tells what is new: ordinals rise within a stream. */
export interface KnownIds {
  /** Those of a batch that are new, which are known from now on: the batch itself when all are. Throws `INCIDENT_INVALID`, and then knows none of them. */
  take(batch: readonly Incident[]): readonly Incident[];
  highest(stream: string): number | undefined;
}

const ZERO = 48;

/** The ordinal that begins at `from`, without the garbage that parsing a slice makes; NaN when it is none or too long to tell. */
function ordinalAt(id: string, from: number): number {
  const end = id.length;
  if (from >= end || end - from > 15 || (id.charCodeAt(from) === ZERO && end - from > 1)) return Number.NaN;
  let ordinal = 0;
  for (let at = from; at < end; at += 1) {
    const digit = id.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    ordinal = ordinal * 10 + digit;
  }
  return ordinal;
}

/** Remembers ids for as long as the process lives. */
export function createKnownIds(): KnownIds {
  const highest = new Map<string, number>();

  /** Most batches are of one stream, rise, and are all new: then nothing is copied. */
  function takeRising(batch: readonly Incident[]): boolean {
    const first = batch[0];
    if (first === undefined) return true;
    const { stream } = parseIncidentId(first.id);
    const prefix = first.id.slice(0, stream.length + 1);
    let ordinal = highest.get(stream) ?? -1;
    for (const { id } of batch) {
      const next = id.startsWith(prefix) ? ordinalAt(id, prefix.length) : Number.NaN;
      if (!(next > ordinal)) return false;
      ordinal = next;
    }
    highest.set(stream, ordinal);
    return true;
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
