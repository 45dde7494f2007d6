import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Checkpoint,
  defineHandler,
  type Incident,
  type ListeningHandler,
  permanent,
  type Schema,
  type WritingHandler,
} from '@ihandler/core';

/** A schema that accepts everything. */
export const anything: Schema = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};

/** Reads every value in the data, as a handler that formats it does. */
export function read(incident: Incident): string {
  return JSON.stringify(incident.data);
}

/** Reads each incident while it is started. */
export function listening(_folder: string): ListeningHandler {
  let isStarted = false;
  return defineHandler({
    name: 'listener',
    on: {
      '*': (incident) => {
        if (!isStarted) throw new Error('used before start() or after close()');
        read(incident);
      },
    },
    start() {
      isStarted = true;
    },
    close() {
      isStarted = false;
    },
  });
}

/** Listens to known origins only, typed, and reports a sentence about each. */
export function reporting(_folder: string): ListeningHandler {
  return defineHandler({
    name: 'reporter',
    reports: { 'acme.offer.seen': anything },
    on: {
      'dionaea.download.offer': async ({ data: { url } }, context) => {
        await context.report('acme.offer.seen', { what: `an offer of ${url.length} characters` });
      },
      'dionaea.modules.python.*.login': ({ data: { username, password } }) =>
        void (username.length + password.length),
    },
  });
}

/** The file of a keeper: rows and checkpoint. */
export interface Stored {
  readonly rows: readonly string[];
  readonly checkpoint: Checkpoint;
}

const nothing: Stored = { rows: [], checkpoint: {} };

/** Reads the file of a {@link keeping} or {@link appending} handler. */
export function storedIn(folder: string): Stored {
  try {
    return JSON.parse(readFileSync(join(folder, 'kept.json'), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothing;
    throw error;
  }
}

/** Replaces the file in one step. */
export function store(folder: string, stored: Stored): void {
  const file = join(folder, 'kept.json');
  writeFileSync(`${file}.new`, JSON.stringify(stored));
  renameSync(`${file}.new`, file);
}

/** Removes the file. */
export function forget(folder: string): void {
  rmSync(join(folder, 'kept.json'), { force: true });
}

/** A row for an incident. */
export function rowOf(incident: Incident): string {
  return `${incident.origin} ${read(incident).length}`;
}

/** Stores rows and checkpoint in one step. */
export function keeping(folder: string): WritingHandler {
  let kept = nothing;
  return defineHandler({
    name: 'keeper',
    accepts: ['*'],
    start() {
      kept = storedIn(folder);
    },
    checkpoint: () => kept.checkpoint,
    write(batch, checkpoint) {
      const next = {
        rows: [...kept.rows, ...batch.map(rowOf)],
        checkpoint: { ...kept.checkpoint, ...checkpoint },
      };
      store(folder, next);
      kept = next;
    },
  });
}

/** Stores rows and checkpoint and reports each download. A batch with an empty checkpoint it only reports again. */
export function keepingAndReporting(folder: string): WritingHandler {
  const keeper = keeping(folder);
  return defineHandler({
    ...keeper,
    name: 'keeper-reporter',
    reports: { 'acme.offer.kept': anything },
    async write(batch, checkpoint, context) {
      for (const cause of batch)
        if (cause.origin.startsWith('dionaea.download.'))
          await context.report('acme.offer.kept', { size: read(cause).length }, { cause });
      if (Object.keys(checkpoint).length > 0) await keeper.write(batch, checkpoint, context);
    },
  });
}

/** Stores rows without a checkpoint: at least once. */
export function appending(folder: string): WritingHandler {
  return defineHandler({
    name: 'appender',
    accepts: ['dionaea.*'],
    write(batch) {
      const { rows } = storedIn(folder);
      store(folder, { rows: [...rows, ...batch.map(rowOf)], checkpoint: {} });
    },
  });
}

/** A listener that is an instance of a class with private members. */
export class Counter implements ListeningHandler {
  readonly contract = 1;
  readonly name = 'counter';
  readonly on = { 'dionaea.connection.*': (incident: Incident) => this.#count(incident) };
  #counts: Map<string, number> | undefined;

  #count({ origin }: Incident): void {
    if (this.#counts === undefined) throw new Error('used before start() or after close()');
    this.#counts.set(origin, (this.#counts.get(origin) ?? 0) + 1);
  }

  start(): void {
    this.#counts = new Map();
  }

  reopen(): void {
    this.#counts?.clear();
  }

  close(): void {
    this.#counts = undefined;
  }
}

/** Listens to origins of its own only, and rejects unexpected data. */
export function choosing(_folder: string): ListeningHandler {
  return defineHandler({
    name: 'chooser',
    on: {
      'acme.*.seen'({ data }) {
        if (typeof data['what'] !== 'string') throw permanent('expected a "what"');
      },
    },
  });
}

/** Counts incidents, and resets the count when it forgets the host of the examples. */
export function forgetting(_folder: string): ListeningHandler {
  const inner = listening('');
  let rows = 0;
  return defineHandler({
    ...inner,
    name: 'forgetter',
    on: {
      '*': async (incident, context) => {
        await inner.on['*']?.(incident, context);
        rows += 1;
      },
    },
    counters: () => ({ rows_kept: rows }),
    forget(isForgotten) {
      const removed = isForgotten('198.51.100.7') ? rows : 0;
      rows -= removed;
      return `removed ${removed} rows`;
    },
  });
}
