import { toUSVString } from 'node:util';
import { isCopy, placeOf } from '@ihandler/attack-log';
import { type Checkpoint, type Incident, isTaken, parseIncidentId } from '@ihandler/core';
import type { Database } from 'better-sqlite3';

/** The checkpoint that a database stores with its rows, and the incidents that it has as copies. */
export interface StoredCheckpoint {
  read(): Checkpoint;
  /** The new incidents of a batch. Returns the batch itself if all are new, which is the usual case. */
  newOnes(batch: readonly Incident[], checkpoint: Checkpoint): readonly Incident[];
  /** Raises the stored checkpoint so that it covers this one, and records which of the stored incidents are copies. */
  advance(checkpoint: Checkpoint, stored: readonly Incident[]): void;
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
  const anyCopy = database.prepare('SELECT EXISTS (SELECT 1 FROM ihandler_copies)').pluck();
  const findCopy = database.prepare('SELECT 1 FROM ihandler_copies WHERE stream = ? AND ordinal = ?').pluck();
  const addCopy = database.prepare('INSERT OR IGNORE INTO ihandler_copies (stream, ordinal) VALUES (?, ?)');

  /** Those that are stored neither under their own id nor, for a copy or its original, under the other one. */
  function notStoredAsCopies(batch: readonly Incident[]): readonly Incident[] {
    const checkpoint = new Map<string, number>();
    const seen = new Set<string>();
    const upTo = (stream: string): number => {
      const known = checkpoint.get(stream);
      if (known !== undefined) return known;
      const ordinal: unknown = find.get(toUSVString(stream));
      const found = typeof ordinal === 'number' ? ordinal : -1;
      checkpoint.set(stream, found);
      return found;
    };
    return batch.filter(({ id }) => {
      const { stream, ordinal } = placeOf(id);
      if (isCopy(id)) {
        const original = `${stream}:${ordinal}`;
        const isRetried = () => upTo(`${stream}~${ordinal}`) >= ordinal;
        if (seen.has(original) || upTo(stream) >= ordinal || isRetried()) return false;
        seen.add(original);
      }
      return findCopy.get(toUSVString(stream), ordinal) === undefined;
    });
  }

  function notCovered(batch: readonly Incident[], checkpoint: Checkpoint): readonly Incident[] {
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
  }

  return {
    read: () => Object.fromEntries(all.all()),
    newOnes(batch, checkpoint) {
      const incidents = notCovered(batch, checkpoint);
      const hasCopies = anyCopy.get() === 1 || Object.keys(checkpoint).some((stream) => isCopy(stream));
      return hasCopies ? notStoredAsCopies(incidents) : incidents;
    },
    advance(checkpoint, stored) {
      const streams = Object.entries(checkpoint);
      for (const [stream, ordinal] of streams) set.run(toUSVString(stream), ordinal);
      if (!streams.some(([stream]) => isCopy(stream))) return;
      for (const { id } of stored) {
        if (!isCopy(id)) continue;
        const place = placeOf(id);
        addCopy.run(toUSVString(place.stream), place.ordinal);
      }
    },
  };
}
