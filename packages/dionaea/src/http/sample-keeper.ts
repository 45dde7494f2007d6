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
import { errorCode } from '@ihandler/core/kit';
import type { SampleSettings } from './options.ts';

/** Keeps the temporary files that dionaea removes as soon as its post is answered. */
export interface SampleKeeper {
  /** Links the file of a `dionaea.download.complete` aside and names the link instead; any other incident stays as it is. */
  keep(incident: Incident): Incident;
  /** Says what it has not said yet. */
  close(): void;
}

interface Kept {
  readonly name: string;
  readonly bytes: number;
}

/** Names sort by age: milliseconds since the epoch, then the incident. */
const ours = /^\d{13,}-[0-9a-f]+-\d+\.sample$/;

function isGone(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}

function unlink(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    // Somebody else has removed it: that is what was wanted.
    if (!isGone(error)) throw error;
  }
}

function openFolder(into: string): Kept[] {
  try {
    mkdirSync(into, { recursive: true, mode: 0o700 });
    return readdirSync(into)
      .filter((name) => ours.test(name))
      .toSorted()
      .map((name) => ({ name, bytes: lstatSync(join(into, name)).size }));
  } catch (cause) {
    const message = `dionaea-http: samples cannot be kept in ${into}: ${describeError(cause)}. Make the folder, or choose another for "samples.into".`;
    throw new IhandlerError('TARGET_UNREADABLE', message, { cause });
  }
}

/** The one file that a path names, if it is a regular one that really lies in one of the folders; throws when it is not. */
function allowed(path: string, folders: readonly string[]): { readonly real: string; readonly stats: Stats } {
  if (path.includes('\0')) throw new Error('its path holds a NUL');
  const stats = lstatSync(path);
  if (!stats.isFile()) throw new Error('it is no regular file');
  const real = realpathSync(path);
  // A folder that does not exist holds nothing.
  const isInside = folders.some((folder) => {
    try {
      return real.startsWith(`${realpathSync(folder).replace(/[/\\]+$/, '')}${sep}`);
    } catch {
      return false;
    }
  });
  if (!isInside) throw new Error('it is in none of the folders of "samples.from"');
  return { real, stats };
}

/** Makes the link; what was linked must be what was looked at. */
function link({ real, stats }: ReturnType<typeof allowed>, target: string): void {
  try {
    linkSync(real, target);
  } catch (error) {
    if (errorCode(error) === 'EXDEV')
      throw new Error('"samples.into" is on another file system; choose a folder on the same one', {
        cause: error,
      });
    throw error;
  }
  const made = lstatSync(target);
  if (made.isFile() && made.ino === stats.ino && made.dev === stats.dev) return;
  unlink(target);
  throw new Error('it was replaced meanwhile');
}

/**
 * Opens the folder that samples are linked to, with what it holds from earlier runs. Throws `TARGET_UNREADABLE` when it cannot
 * be had. Works synchronously: the incident must get its new path before anything else is read.
 */
export function openSampleKeeper(
  { from, into, maxFiles, maxBytes }: SampleSettings,
  { log, now }: Pick<SourceContext, 'log' | 'now'>,
): SampleKeeper {
  const kept = openFolder(into);
  let bytes = kept.reduce((sum, entry) => sum + entry.bytes, 0);
  let missed = 0;
  let saidAt = Number.NEGATIVE_INFINITY;

  function say(details: Readonly<Record<string, unknown>> = {}): void {
    if (missed > 0) log.warn('samples could not be kept', { count: missed, ...details });
    missed = 0;
  }

  function makeRoom(): void {
    while (kept.length > 1 && (kept.length > maxFiles || bytes > maxBytes)) {
      const [oldest] = kept.splice(0, 1);
      if (oldest === undefined) return;
      bytes -= oldest.bytes;
      unlink(join(into, oldest.name));
    }
  }

  function linkAside(path: string, id: string): string {
    const { stream, ordinal } = parseIncidentId(id);
    const found = allowed(path, from);
    if (found.stats.size > maxBytes) throw new Error('it is larger than "samples.maxBytes"');
    const name = `${String(now()).padStart(13, '0')}-${stream}-${ordinal}.sample`;
    link(found, join(into, name));
    kept.push({ name, bytes: found.stats.size });
    bytes += found.stats.size;
    makeRoom();
    return join(into, name);
  }

  return {
    keep(incident) {
      const { id, origin, timestamp, sensor, local } = incident;
      // Safe: a type of data is a record of values.
      const data = incident.data as UntypedData;
      const path = data['path'];
      if (origin !== 'dionaea.download.complete' || typeof path !== 'string') return incident;
      try {
        const kept = linkAside(path, id);
        return createIncident({ id, origin, timestamp, sensor, data: { ...data, path: kept }, local });
      } catch (error) {
        missed += 1;
        if (now() - saidAt < 60_000) return incident;
        saidAt = now();
        say({ path, error: describeError(error) });
        return incident;
      }
    },
    close: () => say(),
  };
}
