import { toUSVString } from 'node:util';
import { type Checkpoint, type Incident, isTaken, parseIncidentId } from '@ihandler/core';
import type { Database } from 'better-sqlite3';

/** The checkpoint that a database stores with its rows. */
export interface StoredCheckpoint {
  read(): Checkpoint;
  /** The new incidents of a batch. Returns the batch itself if all are new, which is the usual case. */
  newOnes(batch: readonly Incident[], checkpoint: Checkpoint): readonly Incident[];
  /** Raises the stored checkpoint so that it covers this one. */
  advance(checkpoint: Checkpoint): void;
}

/** Prepares the statements. */
export function createStoredCheckpoint(database: Database): StoredCheckpoint {
  const find = database.prepare('SELECT ordinal FROM ihandler_checkpoints WHERE stream = ?').pluck();
  const set = database.prepare(
    `INSERT INTO ihandler_checkpoints (stream, ordinal) VALUES (?, ?)
      ON CONFLICT (stream) DO UPDATE SET ordinal = max(ordinal, excluded.ordinal)`,
  );
  const all = database
    .prepare<[], [string, number]>('SELECT stream, ordinal FROM ihandler_checkpoints')
    .raw();

  return {
    read: () => Object.fromEntries(all.all()),
    newOnes(batch, checkpoint) {
      const stored = new Map<string, number>();
      for (const stream of Object.keys(checkpoint)) {
        const ordinal: unknown = find.get(toUSVString(stream));
        if (typeof ordinal === 'number') stored.set(stream, ordinal);
      }
      const unseen = new Map(stored);
      for (const { id } of batch) {
        if (unseen.size === 0) break;
        const { stream, ordinal } = parseIncidentId(id);
        const before = unseen.get(stream);
        if (before === undefined) continue;
        // Ordinals rise within a stream: if the first incident is new, all are.
        if (ordinal <= before) {
          const taken = Object.fromEntries(stored);
          return batch.filter((incident) => !isTaken(taken, incident));
        }
        unseen.delete(stream);
      }
      return batch;
    },
    advance(checkpoint) {
      for (const [stream, ordinal] of Object.entries(checkpoint)) set.run(toUSVString(stream), ordinal);
    },
  };
}
