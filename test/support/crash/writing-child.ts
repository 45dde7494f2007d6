// Writes batches to a database (first argument) as a stream (second argument) until it is killed. Prints the ordinal of each
// batch after `write` has returned.
import { writeSync } from 'node:fs';
import { createIncident, type HandlerContext, type Incident, silentLog } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import logSqlite from '@ihandler/log-sqlite';

const [, , file = '', stream = ''] = process.argv;
const BATCH = 20;
const handler = logSqlite({ file });
// The handler uses only these members of its context.
const context = {
  signal: new AbortController().signal,
  durable: false,
  log: silentLog,
  origins: createOrigins([]),
  now: Date.now,
} as unknown as HandlerContext;

function connection(n: number) {
  return {
    id: `${stream}-${n}`,
    protocol: 'smbd',
    transport: 'tcp',
    local: { host: '192.0.2.1', port: 445 },
    remote: { host: '198.51.100.7', port: 1024, hostname: '' },
  };
}

/** One row each: connections alternate with offers on them. */
function incidentAt(ordinal: number): Incident {
  const parts = { id: `${stream}:${ordinal}`, timestamp: ordinal * 1000, sensor: 'killed' };
  const on = { connection: connection(Math.floor((ordinal - 1) / 2)) };
  return ordinal % 2 === 1
    ? createIncident({ ...parts, origin: 'dionaea.connection.tcp.accept', data: on })
    : createIncident({ ...parts, origin: 'dionaea.download.offer', data: { ...on, url: String(ordinal) } });
}

await handler.start?.(context);
for (let done = 0; ; done += BATCH) {
  const batch = Array.from({ length: BATCH }, (_, n) => incidentAt(done + n + 1));
  handler.write(batch, { [stream]: done + BATCH }, context);
  writeSync(1, `${done + BATCH}\n`);
}
