import { linkSync, lstatSync, mkdirSync, readdirSync, realpathSync, type Stats, unlinkSync } from 'node:fs';
import { join, sep } from 'node:path';
import {
  createIncident,
  describeError,
  IhandlerError,
  type Incident,
  parseIncidentId,
  type SourceContext,
  type UntypedData,
} from '@ihandler/core';
import { createThrottledLog, errorCode } from '@ihandler/core/kit';
import type { SampleSettings } from './options.ts';

/** Keeps the temporary files that dionaea deletes as soon as its post is answered. */
export interface SampleKeeper {
  /** Links the file of a `dionaea.download.complete` and returns the incident with the path of the link; returns other incidents unchanged. */
  keep(incident: Incident): Incident;
  /** Logs the failures that have not been logged yet. */
  close(): void;
}

interface KeptSample {
  readonly name: string;
  readonly bytes: number;
}

/** Names sort by age: milliseconds since the epoch, then the incident. */
const sampleName = /^\d{13,}-[0-9a-f]+-\d+\.sample$/;

function unlink(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    // Another program has deleted it, which has the same effect.
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** Creates the folder when missing; returns the samples in it, the oldest first. */
function openFolder(folder: string): KeptSample[] {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return readdirSync(folder)
      .filter((name) => sampleName.test(name))
      .toSorted()
      .map((name) => ({ name, bytes: lstatSync(join(folder, name)).size }));
  } catch (cause) {
    const message = `dionaea-http: cannot keep samples in ${folder}: ${describeError(cause)}. Create the folder, or choose another for "samples.folder".`;
    throw new IhandlerError('TARGET_UNREADABLE', message, { cause });
  }
}

/** A regular file inside one of the sample folders. */
interface Sample {
  readonly realPath: string;
  readonly stats: Stats;
}

/** Checks the file that a path names: throws unless it is a regular file, not a link, inside one of the folders. */
function checkSample(path: string, sampleFolders: readonly string[]): Sample {
  if (path.includes('\0')) throw new Error('its path contains a NUL character');
  const stats = lstatSync(path);
  if (!stats.isFile()) throw new Error('it is not a regular file');
  const realPath = realpathSync(path);
  const isInside = sampleFolders.some((folder) => {
    try {
      return realPath.startsWith(`${realpathSync(folder).replace(/[/\\]+$/, '')}${sep}`);
    } catch {
      // A folder that does not exist contains nothing.
      return false;
    }
  });
  if (!isInside) throw new Error('it is outside the folders of "sampleFolders"');
  return { realPath, stats };
}

/** Links a sample, and makes sure that the link is to the file that was checked. */
function link({ realPath, stats }: Sample, target: string): void {
  try {
    linkSync(realPath, target);
  } catch (error) {
    if (errorCode(error) === 'EXDEV')
      throw new Error('"samples.folder" is on another file system; choose a folder on the same one', {
        cause: error,
      });
    throw error;
  }
  const linked = lstatSync(target);
  if (linked.isFile() && linked.ino === stats.ino && linked.dev === stats.dev) return;
  unlink(target);
  throw new Error('it was replaced while it was being linked');
}

/**
 * Opens the folder for the links, which may hold samples of earlier runs. Throws `TARGET_UNREADABLE` when the folder cannot
 * be used. Works synchronously: the incident must get its new path before the next line is read.
 */
export function openSampleKeeper(
  { sampleFolders, folder, maxFiles, maxSize }: SampleSettings,
  { log, now }: Pick<SourceContext, 'log' | 'now'>,
): SampleKeeper {
  const kept = openFolder(folder);
  const warnings = createThrottledLog(log.warn);
  let totalBytes = kept.reduce((sum, sample) => sum + sample.bytes, 0);

  function deleteOldest(): void {
    while (kept.length > 1 && (kept.length > maxFiles || totalBytes > maxSize)) {
      const [oldest] = kept.splice(0, 1);
      if (oldest === undefined) return;
      totalBytes -= oldest.bytes;
      unlink(join(folder, oldest.name));
    }
  }

  /** Returns the path of the link. */
  function keepSample(path: string, id: string): string {
    const { stream, ordinal } = parseIncidentId(id);
    const sample = checkSample(path, sampleFolders);
    const bytes = sample.stats.size;
    if (bytes > maxSize) throw new Error('it is larger than "samples.maxSize"');
    const name = `${String(now()).padStart(13, '0')}-${stream}-${ordinal}.sample`;
    link(sample, join(folder, name));
    kept.push({ name, bytes });
    totalBytes += bytes;
    deleteOldest();
    return join(folder, name);
  }

  return {
    keep(incident) {
      const { id, origin, timestamp, sensor, local } = incident;
      // Safe: the data of every origin is a record of values.
      const data = incident.data as UntypedData;
      const path = data['path'];
      if (origin !== 'dionaea.download.complete' || typeof path !== 'string') return incident;
      try {
        const linked = keepSample(path, id);
        return createIncident({ id, origin, timestamp, sensor, data: { ...data, path: linked }, local });
      } catch (error) {
        warnings.log('cannot keep samples', { path, error: describeError(error) }, 1);
        return incident;
      }
    },
    close: () => warnings.flush(),
  };
}
