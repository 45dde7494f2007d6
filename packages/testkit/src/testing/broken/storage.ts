import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineHandler, type Incident, type WritingHandler } from '@ihandler/core';
import {
  forget,
  keeping,
  keepingAndReporting,
  listening,
  rowOf,
  type Stored,
  store,
  storedIn,
} from '../sound.ts';
import type { Broken } from './broken.ts';

/** A keeper with other parts. */
function keeper(
  rule: string,
  how: string,
  change: (sound: WritingHandler, folder: string) => Partial<WritingHandler>,
  isStored = false,
): Broken {
  return {
    rule,
    how,
    isStored,
    factory(folder) {
      const sound = keeping(folder);
      return { ...sound, checkpoint: () => storedIn(folder).checkpoint, ...change(sound, folder) };
    },
  };
}

/** Keeps in memory until it is closed. */
function lazy(folder: string): WritingHandler {
  let kept: Stored = { rows: [], checkpoint: {} };
  return defineHandler({
    name: 'lazy',
    accepts: ['*'],
    start() {
      kept = storedIn(folder);
    },
    checkpoint: () => kept.checkpoint,
    write(batch, checkpoint) {
      kept = { rows: [...kept.rows, ...batch.map(rowOf)], checkpoint: { ...kept.checkpoint, ...checkpoint } };
    },
    close: () => store(folder, kept),
  });
}

function withoutCheckpoint({ checkpoint: _, ...handler }: WritingHandler): WritingHandler {
  return handler;
}

function addRows(folder: string, batch: readonly Incident[]): void {
  const { rows, checkpoint } = storedIn(folder);
  store(folder, { rows: [...rows, ...batch.map(rowOf)], checkpoint });
}

function addCheckpoint(folder: string, more: Stored['checkpoint']): void {
  const { rows, checkpoint } = storedIn(folder);
  store(folder, { rows, checkpoint: { ...checkpoint, ...more } });
}

const covers = 'has a checkpoint that covers just what it took, of every stream';
const crash = 'takes up where it was after a crash, whenever it came';
const twice = 'stores nothing twice and loses nothing, whatever fails and crashes, if it has a checkpoint';

/** Handlers that keep something, and do not keep it well. */
export const brokenStorage: readonly Broken[] = [
  keeper(covers, 'knows the last stream only', (_, folder) => ({
    write: (batch, checkpoint) =>
      store(folder, { rows: [...storedIn(folder).rows, ...batch.map(rowOf)], checkpoint }),
  })),
  keeper('has a checkpoint for streams of any name', 'assigns keys', (_, folder) => ({
    write(batch, checkpoint) {
      addRows(folder, batch);
      const known: Record<string, number> = { ...storedIn(folder).checkpoint };
      for (const [stream, ordinal] of Object.entries(checkpoint)) known[stream] = ordinal;
      addCheckpoint(folder, known);
    },
  })),
  keeper('has its checkpoint as it was when a write fails', 'moves it first', (_, folder) => ({
    write(batch, checkpoint) {
      addCheckpoint(folder, checkpoint);
      addRows(folder, batch);
    },
  })),
  keeper('still has its checkpoint after a restart', 'tidies up when it is closed', (_, folder) => ({
    close: () => forget(folder),
  })),
  { rule: crash, how: 'writes when it is closed', factory: lazy },
  {
    rule: crash,
    how: 'finds its own lock',
    factory(folder) {
      const lock = join(folder, 'lock');
      return {
        ...listening(''),
        on: { '*': () => {} },
        start: () => writeFileSync(lock, '', { flag: 'wx' }),
        close: () => rmSync(lock, { force: true }),
      };
    },
  },
  {
    rule: 'has stored what it took when it says so, and not only when it is closed',
    how: 'writes when it is closed',
    factory: (folder) => withoutCheckpoint(lazy(folder)),
    isStored: true,
  },
  keeper(
    'stores the same however the incidents are cut into batches',
    'writes batches backwards',
    (sound) => ({
      write: (batch, checkpoint, context) => sound.write(batch.toReversed(), checkpoint, context),
    }),
    true,
  ),
  keeper(
    twice,
    'has rows of a write that failed',
    (_, folder) => ({
      write(batch, checkpoint) {
        for (const incident of batch) addRows(folder, [incident]);
        addCheckpoint(folder, checkpoint);
      },
    }),
    true,
  ),
  {
    rule: twice,
    how: 'stores again what it shall only report again',
    isStored: true,
    factory(folder) {
      const [sound, reporter] = [keeping(folder), keepingAndReporting(folder)];
      return {
        ...reporter,
        ...sound,
        reports: reporter.reports ?? {},
        write: (batch, checkpoint, context) => sound.write(batch, checkpoint, context),
      };
    },
  },
];
