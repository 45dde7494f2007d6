import { IhandlerError } from './error.ts';

/** An incident id taken apart. */
export interface IncidentId {
  /** Where it came from: a hash of a file's identity, a random name for a port, or, for an incident that a handler reported, `<stream of the cause>/<instance>/<n>`. */
  readonly stream: string;
  /** Rises within a stream: the offset of a line's end in bytes, a row id, a count. */
  readonly ordinal: number;
}

const [ZERO, NINE, COLON] = [48, 57, 58];

/** Where the ordinal of an id begins; 0 when it is no id. Only one way to write a number counts: else two ids would mean the same incident. */
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

/** Whether {@link parseIncidentId} takes it; for the hot path, where taking it apart costs too much. */
export function isIncidentId(id: string): boolean {
  return ordinalFrom(id) !== 0;
}

/** Takes `<stream>:<ordinal>` apart; throws `INCIDENT_INVALID` for anything else. */
export function parseIncidentId(id: string): IncidentId {
  const from = ordinalFrom(id);
  if (from === 0)
    throw new IhandlerError(
      'INCIDENT_INVALID',
      `Expected an incident id of the form <stream>:<ordinal>, found ${JSON.stringify(id.slice(0, 200))}.`,
    );
  return { stream: id.slice(0, from - 1), ordinal: Number(id.slice(from)) };
}

/** Puts an id together. */
export function formatIncidentId(stream: string, ordinal: number): string {
  return `${stream}:${ordinal}`;
}

/** How many handlers in a row reported because of each other: 0 for what a source brought. */
export function chainDepth(id: string): number {
  let depth = 0;
  for (let at = id.indexOf('/'); at !== -1; at = id.indexOf('/', at + 1)) depth += 1;
  return depth >> 1;
}

/** The instance that reported an incident, or undefined when a source brought it. */
export function reporterOf(id: string): string | undefined {
  const last = id.lastIndexOf('/');
  if (last === -1) return undefined;
  const before = id.lastIndexOf('/', last - 1);
  return before === -1 ? undefined : id.slice(before + 1, last);
}

/** The stream of the n-th report that an instance makes because of an incident; its ordinal is the cause's. */
export function reportedStream(causeStream: string, instance: string, n: number | string): string {
  return `${causeStream}/${instance}/${n}`;
}
