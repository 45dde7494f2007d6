import type { Incident } from '@ihandler/core';
import type { NamedConnection } from './cluster-state.ts';
import { placeOf } from './original-id.ts';

/** Two clocks that read the same time may differ by rounding: databases store microseconds or seconds, in milliseconds. */
const ROUNDING = 1;

function later(a: NamedConnection | undefined, b: NamedConnection): NamedConnection {
  if (a === undefined) return b;
  const [timeA, timeB] = [a.time ?? Number.NEGATIVE_INFINITY, b.time ?? Number.NEGATIVE_INFINITY];
  return timeB > timeA || (timeB === timeA && b.row > a.row) ? b : a;
}

function earlier(a: NamedConnection | undefined, b: NamedConnection): NamedConnection {
  return a === undefined || later(a, b) === a ? b : a;
}

/**
 * The connection to which an incident belongs, among all that had the same id of the same sensor. Within a stream, that is
 * the one announced last before the incident, whatever the clock did. Without one in its stream (the file was rotated, or
 * the sensor uses several transports), it is the one that was announced last by the time of the incident, otherwise the
 * earliest one.
 */
export function connectionOf(
  { id, timestamp }: Incident,
  candidates: readonly NamedConnection[],
  streamName: (stream: string) => string,
): NamedConnection | undefined {
  if (candidates.length < 2) return candidates[0];
  const place = placeOf(id);
  const stream = streamName(place.stream);
  let inStream: NamedConnection | undefined;
  let before: NamedConnection | undefined;
  let first: NamedConnection | undefined;
  for (const candidate of candidates) {
    first = earlier(first, candidate);
    if (candidate.stream === stream) {
      const isLast = inStream === undefined || candidate.ordinal > inStream.ordinal;
      if (candidate.ordinal <= place.ordinal && isLast) inStream = candidate;
    } else if ((candidate.time ?? Number.NEGATIVE_INFINITY) * 1000 <= timestamp + ROUNDING)
      before = later(before, candidate);
  }
  return inStream ?? before ?? first;
}
