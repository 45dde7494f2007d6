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
  /** A cowrie.json, of any version. */
  readonly file: string;
  /** How many incidents are reported at once. @default 100 */
  readonly batch?: number;
}

interface Line {
  readonly text: string;
  /** In bytes of the file; `end` is after the newline. */
  readonly start: number;
  readonly end: number;
}

/** The lines of a file; a last one without newline is still being written. */
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

/** Names a file by what it begins with, so that renaming it, as rotation does, changes nothing. */
function streamOf(sensor: string, firstLine: string): string {
  return createHash('sha256').update(`${sensor}\n${firstLine}`).digest('base64url').slice(0, 16);
}

/** Remembers who is connected, for the events that do not say. */
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

/** Reads what cowrie's jsonlog wrote, and reads on where its readers are. A source for tests: it keeps every session. */
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
        // Lines that were taken before are read all the same: they say who is connected.
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
