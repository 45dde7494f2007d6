import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { root } from '../workspace.ts';

const recorded = join(root, 'test', 'recordings', 'dionaea-a');

/** The recording, shifted to end now, so that `--since 7d` finds it in every year. */
function logIncident(): Buffer {
  const lines = readFileSync(join(recorded, 'log_incident.ndjson'), 'utf8').trimEnd().split('\n');
  const incidents = lines.map((line) => JSON.parse(line));
  const times = incidents.map(({ timestamp }) => Date.parse(`${timestamp}Z`));
  const later = Date.now() - Math.max(...times);
  return Buffer.from(
    incidents
      .map((incident, index) => {
        const time = new Date((times[index] ?? 0) + later).toISOString().replace('Z', '000');
        return `${JSON.stringify({ ...incident, timestamp: time })}\n`;
      })
      .join(''),
  );
}

/** The database that dionaea wrote in that run, also shifted to end now. */
function dionaeaDatabase(): Buffer {
  const database = new Database(readFileSync(join(recorded, 'log_sqlite.sqlite')));
  try {
    database
      .prepare(
        'UPDATE connections SET connection_timestamp = connection_timestamp + ' +
          '(SELECT ? - max(connection_timestamp) FROM connections)',
      )
      .run(Date.now() / 1000);
    return database.serialize();
  } finally {
    database.close();
  }
}

const contents: Readonly<Record<string, () => Buffer>> = {
  'log_incident.ndjson': logIncident,
  'recording.ndjson': logIncident,
  'dionaea.sqlite': dionaeaDatabase,
  'logsql.sqlite': dionaeaDatabase,
};

/** The names of recordings in examples, each also with `.gz`. */
export function isRecording(path: string): boolean {
  return Object.hasOwn(contents, basename(path).replace(/\.gz$/, ''));
}

/** Writes the recording that a user would have at this path. */
export function writeRecording(path: string): void {
  const content = contents[basename(path).replace(/\.gz$/, '')]?.() ?? Buffer.alloc(0);
  writeFileSync(path, path.endsWith('.gz') ? gzipSync(content) : content);
}
