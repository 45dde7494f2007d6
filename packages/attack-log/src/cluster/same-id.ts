import type { Incident } from '@ihandler/core';
import { DAY, MINUTE } from '@ihandler/core/kit';
import type { NamedConnection } from './cluster-state.ts';
import type { LooseConnection } from './connection-key.ts';
import { confirms, contradicts, endsIn } from './ends.ts';
import { type IncidentPlace, placeOf } from './original-id.ts';

/** Two clocks that read the same time may differ by rounding: databases store microseconds or seconds, in milliseconds. */
const ROUNDING = 1;

/** A number or the address of an object: a sensor uses such ids again. Others (a hash, a UUID, a name) are unique. */
const reusable = /^(?:\d{1,20}|0x[\da-f]{1,16}|[\da-f]{8,16})$/i;
const LONGEST_REUSABLE = 20;

/** The longest time between an incident and a later announcement of its connection, in milliseconds. */
const EARLIEST = 10 * MINUTE;

/** How long a connection of another stream may last if nothing but its id is known, in milliseconds. */
const LONGEST_UNKNOWN = DAY;

const timeOf = ({ time }: NamedConnection) => (time ?? Number.NEGATIVE_INFINITY) * 1000;

function later(a: NamedConnection | undefined, b: NamedConnection): NamedConnection {
  if (a === undefined) return b;
  const [timeA, timeB] = [timeOf(a), timeOf(b)];
  return timeB > timeA || (timeB === timeA && b.row > a.row) ? b : a;
}

function earlier(a: NamedConnection | undefined, b: NamedConnection): NamedConnection {
  return a === undefined || later(a, b) === a ? b : a;
}

/** The candidate that was announced last before an incident, in its stream or by time; otherwise the earliest one. */
function nearest(
  { stream, ordinal }: IncidentPlace,
  timestamp: number,
  candidates: readonly NamedConnection[],
): NamedConnection | undefined {
  let inStream: NamedConnection | undefined;
  let before: NamedConnection | undefined;
  let first: NamedConnection | undefined;
  for (const candidate of candidates) {
    first = earlier(first, candidate);
    if (candidate.stream === stream) {
      const isLast = inStream === undefined || candidate.ordinal > inStream.ordinal;
      if (candidate.ordinal <= ordinal && isLast) inStream = candidate;
    } else if (timeOf(candidate) <= timestamp + ROUNDING) before = later(before, candidate);
  }
  return inStream ?? before ?? first;
}

/**
 * The connection to which an incident belongs, among all that had the same id of the same sensor; undefined if none of them
 * can be it, as when its announcement was lost or comes later. Within a stream, it is the one announced last before the
 * incident, whatever the clock did. Without one in its stream (the file was rotated, or the sensor uses several transports),
 * it is the one that was announced last by the time of the incident, otherwise the earliest one. Unless the id is unique, the
 * ends that the incident knows must not contradict the announcement, and the times must be near.
 */
export function connectionOf(
  { id, timestamp }: Incident,
  named: LooseConnection,
  candidates: readonly NamedConnection[],
  streamName: (stream: string) => string,
): NamedConnection | undefined {
  const isUnique = named.id.length > LONGEST_REUSABLE || !reusable.test(named.id);
  if (candidates.length === 0 || (isUnique && candidates.length === 1)) return candidates[0];
  const original = placeOf(id);
  const place = { stream: streamName(original.stream), ordinal: original.ordinal };
  if (isUnique) return nearest(place, timestamp, candidates);
  const ends = endsIn(named);
  const fitting = candidates.filter((candidate) => {
    if (candidate.ends !== undefined && contradicts(ends, candidate.ends)) return false;
    const isInStream = candidate.stream === place.stream;
    if (isInStream && candidate.ordinal <= place.ordinal) return true;
    const age = timestamp - timeOf(candidate);
    if (candidate.time === null) return true;
    if (age < -ROUNDING || isInStream) return Math.abs(age) <= EARLIEST;
    return age <= LONGEST_UNKNOWN || (candidate.ends !== undefined && confirms(ends, candidate.ends));
  });
  return nearest(place, timestamp, fitting);
}
