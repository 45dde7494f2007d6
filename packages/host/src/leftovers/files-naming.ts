import { type Dirent, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describeError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import type { HostPlan } from '../assembly/host-plan.ts';
import type { RequestedEntry } from '../assembly/load-handlers.ts';
import { journalOf } from '../assembly/view-journal.ts';
import { handlerResources, importResources, liveResources } from '../diagnosis/resources.ts';
import { statusOf } from '../file-status.ts';
import { countInFile, createMentionCounter } from './count-mentions.ts';

/** A file that still names a forgotten address. */
export interface Leftover {
  readonly file: string;
  /** How often; undefined when it cannot be read. */
  readonly mentions: number | undefined;
  /** Why it cannot be read. */
  readonly problem?: string;
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    // A path of an option may be a file, or not exist yet.
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return [];
    throw error;
  }
}

/** All regular files below a folder. Links are not followed: they lead elsewhere. */
function filesBelow(folder: string): readonly string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });
}

/** A file and those named after it, such as rotated logs, and copies and the log of a database. */
function filesBeside(path: string): readonly string[] {
  const name = basename(path);
  const isNamedAfter = (other: string) =>
    other === name || other.startsWith(`${name}.`) || other.startsWith(`${name}-`);
  return entriesOf(dirname(path))
    .filter((entry) => entry.isFile() && isNamedAfter(entry.name))
    .map((entry) => join(dirname(path), entry.name));
}

/** The files that sources read, and those beside them: the sensor's own. Folders are left out: one may be the root. */
function filesOfSources(plan: HostPlan): readonly string[] {
  return [...liveResources(plan, plan.configuration.sensor ?? ''), ...importResources(plan)]
    .map(({ target }) => target)
    .filter((target) => typeof target === 'string')
    .filter((target) => statusOf(target)?.isDirectory() !== true)
    .flatMap(filesBeside);
}

/**
 * Searches the bytes of all files in the data folder, of the journal, and of the files that options of handlers and sources name, with
 * the files beside them that are named after them. With added handlers and no configuration, only theirs. Changes nothing.
 */
export async function filesNaming(
  plan: HostPlan,
  networks: readonly string[],
  added: readonly RequestedEntry[] = [],
): Promise<readonly Leftover[]> {
  const isOnlyAdded = added.length > 0 && plan.configuration.file === undefined;
  const { file: journal } = isOnlyAdded ? { file: undefined } : await journalOf(plan);
  const named = handlerResources(plan, added).flatMap(({ access, target, at }) =>
    access === 'write' &&
    typeof target === 'string' &&
    (!isOnlyAdded || added.some(({ path }) => path[0] === at[0]))
      ? [target]
      : [],
  );
  const files = new Set([
    ...(isOnlyAdded ? [] : [...filesBelow(plan.dataDir), ...filesOfSources(plan)]),
    ...[...(journal === undefined ? [] : [journal]), ...named].flatMap((path) => [
      ...filesBeside(path),
      ...filesBelow(path),
    ]),
  ]);
  const count = createMentionCounter(networks);
  const found: Leftover[] = [];
  for (const file of [...files].toSorted()) {
    try {
      const mentions = await countInFile(file, count);
      if (mentions > 0) found.push({ file, mentions });
    } catch (error) {
      // It was removed meanwhile, such as the log of a database that was closed.
      if (errorCode(error) !== 'ENOENT')
        found.push({ file, mentions: undefined, problem: describeError(error) });
    }
  }
  return found;
}
