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

/** A sound keeper with some other members. */
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

/** Stores only when it is closed. */
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

const covers = 'has a checkpoint that covers exactly the stored incidents of each stream';
const resumes = 'resumes after a crash at any point';
const once = 'stores each incident exactly once despite failures and crashes, if it has a checkpoint';

/** Handlers with faults in what they store. */
export const brokenStorage: readonly Broken[] = [
  keeper(covers, 'covers only the last stream', (_, folder) => ({
    write: (batch, checkpoint) =>
      store(folder, { rows: [...storedIn(folder).rows, ...batch.map(rowOf)], checkpoint }),
  })),
  keeper(
    'has a checkpoint for streams of any name',
    'assigns stream names as keys of an object',
    (_, folder) => ({
      write(batch, checkpoint) {
        addRows(folder, batch);
        const known: Record<string, number> = { ...storedIn(folder).checkpoint };
        for (const [stream, ordinal] of Object.entries(checkpoint)) known[stream] = ordinal;
        addCheckpoint(folder, known);
      },
    }),
  ),
  keeper('does not change its checkpoint when a write fails', 'raises it before the rows', (_, folder) => ({
    write(batch, checkpoint) {
      addCheckpoint(folder, checkpoint);
      addRows(folder, batch);
    },
  })),
  keeper('keeps its checkpoint across a restart', 'removes its data when it is closed', (_, folder) => ({
    close: () => forget(folder),
  })),
  { rule: resumes, how: 'stores when it is closed', factory: lazy },
  {
    rule: resumes,
    how: 'fails on its own lock',
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
    rule: 'has stored an incident when it acknowledges it, not only after close()',
    how: 'stores when it is closed',
    factory: (folder) => withoutCheckpoint(lazy(folder)),
    isStored: true,
  },
  keeper(
    'stores the same data whatever the size of the batches',
    'stores batches in reverse order',
    (sound) => ({
      write: (batch, checkpoint, context) => sound.write(batch.toReversed(), checkpoint, context),
    }),
    true,
  ),
  keeper(
    once,
    'leaves rows of a failed write',
    (_, folder) => ({
      write(batch, checkpoint) {
        for (const incident of batch) addRows(folder, [incident]);
        addCheckpoint(folder, checkpoint);
      },
    }),
    true,
  ),
  {
    rule: once,
    how: 'stores again incidents that it should only report again',
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
