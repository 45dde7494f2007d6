import { IhandlerError } from './error.ts';

/** The parts of an incident id. */
export interface IncidentId {
  /**
   * The origin of the id: a hash of the identity of a file, a random name of a connection, or for an incident that a handler
   * reported `<stream of the cause>/<instance>/<n>`.
   */
  readonly stream: string;
  /** Rises within the stream: the offset of the end of a line in bytes, a row id, or a count. */
  readonly ordinal: number;
}

const [ZERO, NINE, COLON] = [48, 57, 58];

/** The index of the ordinal in an id; 0 for an invalid id. A number has one valid spelling, so that no two ids mean one incident. */
function ordinalFrom(id: string): number {
  let from = id.length;
  for (; from > 0; from -= 1) {
    const code = id.charCodeAt(from - 1);
    if (code < ZERO || code > NINE) break;
  }
  const digits = id.length - from;
  if (from < 2 || digits === 0 || digits > 16 || id.charCodeAt(from - 1) !== COLON) return 0;
  if (id.charCodeAt(from) === ZERO) return digits === 1 ? from : 0;
  return digits < 16 || Number.isSafeInteger(Number(id.slice(from))) ? from : 0;
}

/** Whether {@link parseIncidentId} accepts an id. For the hot path, where parsing costs too much. */
export function isIncidentId(id: string): boolean {
  return ordinalFrom(id) !== 0;
}

/** Parses `<stream>:<ordinal>`. Throws `INCIDENT_INVALID` for anything else. */
export function parseIncidentId(id: string): IncidentId {
  const from = ordinalFrom(id);
  if (from === 0)
    throw new IhandlerError(
      'INCIDENT_INVALID',
      `Expected an incident id of the form <stream>:<ordinal>, found ${JSON.stringify(id.slice(0, 200))}.`,
    );
  return { stream: id.slice(0, from - 1), ordinal: Number(id.slice(from)) };
}

/** Makes an id from a stream and an ordinal, a whole number that is not negative. */
export function formatIncidentId(stream: string, ordinal: number): string {
  return `${stream}:${ordinal}`;
}

/** The length of the chain of reports that led to an incident: 0 for an incident from a source. */
export function chainDepth(id: string): number {
  let depth = 0;
  for (let at = id.indexOf('/'); at !== -1; at = id.indexOf('/', at + 1)) depth += 1;
  return depth >> 1;
}

/** The instance that reported an incident; undefined for an incident from a source. */
export function reporterOf(id: string): string | undefined {
  const last = id.lastIndexOf('/');
  if (last === -1) return undefined;
  const before = id.lastIndexOf('/', last - 1);
  return before === -1 ? undefined : id.slice(before + 1, last);
}

/** The stream of the n-th report of an instance that an incident caused. The ordinal of the report is that of the cause. */
export function reportedStream(causeStream: string, instance: string, n: number | string): string {
  return `${causeStream}/${instance}/${n}`;
}
