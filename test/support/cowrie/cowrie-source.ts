import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  type Connection,
  createIncident,
  defineSource,
  formatIncidentId,
  type Incident,
  type Source,
} from '@ihandler/core';
import { type CowrieEvent, connectionOf, dataOf, parseEvent } from './cowrie-event.ts';

/** Options of {@link cowrie}. */
export interface CowrieOptions {
  /** The path of a cowrie.json of any version. */
  readonly file: string;
  /** The number of incidents per report. @default 100 */
  readonly batch?: number;
}

interface Line {
  readonly text: string;
  /** Offsets in bytes; `end` is after the newline. */
  readonly start: number;
  readonly end: number;
}

/** The lines of a file. A last line without a newline is still being written. */
async function* linesOf(file: string): AsyncGenerator<Line> {
  let rest = Buffer.alloc(0);
  let start = 0;
  for await (const chunk of createReadStream(file)) {
    rest = Buffer.concat([rest, chunk]);
    for (let newline = rest.indexOf(10); newline !== -1; newline = rest.indexOf(10)) {
      const end = start + newline + 1;
      yield { text: rest.toString('utf8', 0, newline), start, end };
      rest = rest.subarray(newline + 1);
      start = end;
    }
  }
}

/** Identifies a file by its first bytes, so that it stays the same after a rotation renames it. */
function streamOf(sensor: string, firstLine: string): string {
  return createHash('sha256').update(`${sensor}\n${firstLine}`).digest('base64url').slice(0, 16);
}

/** Remembers connections for events without one. */
function createSessions() {
  const sessions = new Map<string, Connection>();
  return (event: CowrieEvent): Connection => {
    const known = sessions.get(event.session);
    if (known !== undefined) return known;
    const connection = connectionOf(event);
    if (event.eventid === 'cowrie.session.connect') sessions.set(event.session, connection);
    return connection;
  };
}

/** Reads the output of cowrie's jsonlog, and resumes at the position of its handlers. A source for tests: it keeps every session. */
export function cowrie({ file, batch = 100 }: CowrieOptions): Source {
  return defineSource({
    name: 'cowrie',
    async run(context) {
      const connectionOfEvent = createSessions();
      let stream: string | undefined;
      let after = 0;
      let pending: Incident[] = [];

      async function flush(): Promise<void> {
        await context.report(pending);
        pending = [];
      }

      for await (const { text, start, end } of linesOf(file)) {
        if (context.signal.aborted) break;
        if (stream === undefined) {
          stream = streamOf(context.sensor, text);
          after = (await context.resumeAfter(stream)) ?? 0;
        }
        const event = parseEvent(text);
        if (typeof event === 'string') {
          const reject = { file, offset: start, length: end - start, reason: event, text };
          if (end > after) await context.reject(reject);
          continue;
        }
        // Lines that were accepted before are read again, because they contain the connections.
        const connection = connectionOfEvent(event);
        if (end <= after) continue;
        const { eventid: origin, timestamp, sensor = context.sensor } = event;
        const id = formatIncidentId(stream, end);
        pending.push(createIncident({ id, origin, timestamp, sensor, data: dataOf(event, connection) }));
        if (pending.length >= batch) await flush();
        context.progress({ done: end });
      }
      await flush();
    },
  });
}
