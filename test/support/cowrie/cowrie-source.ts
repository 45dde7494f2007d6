import type { Connection, Source } from '@ihandler/core';
import { followLines, type LineFormat, readLines } from '@ihandler/source-kit';
import { connectionOf, dataOf, parseEvent } from './cowrie-event.ts';

/** Options of {@link cowrie}. */
export interface CowrieOptions {
  /** The path of a cowrie.json of any version. */
  readonly file: string;
}

/** Lines of cowrie.json. Before 3.0.6 only the first event of a session has all of its connection. */
const format: LineFormat = {
  name: 'cowrie',
  title: 'lines of cowrie.json',
  sessions: { max: 10_000 },
  timeOf(line) {
    const event = parseEvent(line);
    return typeof event === 'string' ? undefined : event.timestamp;
  },
  parse(line, { sessions }) {
    const event = parseEvent(line);
    if (typeof event === 'string') return { reject: event };
    const { eventid: origin, timestamp, session } = event;
    // Safe: only connections are set below.
    const known = sessions.get(session) as Connection | undefined;
    const connection = known ?? connectionOf(event);
    if (origin === 'cowrie.session.connect') sessions.set(session, { ...connection });
    if (origin === 'cowrie.session.closed') sessions.end(session);
    return { incidents: [{ origin, timestamp, data: dataOf(event, connection) }] };
  },
};

/** Reads the output of cowrie's jsonlog to its end. */
export function cowrie({ file }: CowrieOptions): Source {
  return readLines({ name: 'cowrie', format, file });
}

/** Follows the output of cowrie's jsonlog, which cowrie renames at midnight. */
export function cowrieFollow({ file }: CowrieOptions): Source {
  return followLines({ name: 'cowrie-follow', format, file, poll: 1 });
}
