import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Problem } from '../configuration/problem.ts';
import { statusOf } from '../file-status.ts';
import type { Resource } from './resources.ts';

/** The identity of a file, whatever its path: device and inode; undefined for one that is missing or unreadable. */
export function fileIdentity(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    // Opening it reports why.
    return undefined;
  }
}

/** The identity of a file, or of the place where it will be. */
function identityOrPlace(path: string): string {
  const known = fileIdentity(path);
  if (known !== undefined) return known;
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}

function isFolder(path: string): boolean {
  return statusOf(path)?.isDirectory() ?? false;
}

/** The live sources that read a file which a handler writes: it would grow for ever. */
export function ownInputProblems(
  handlers: readonly Resource[],
  sources: readonly Resource[],
): readonly Problem[] {
  const written = handlers.flatMap(({ instance, target, access }) =>
    access === 'write' && typeof target === 'string' && !isFolder(target)
      ? [{ instance, target, identity: identityOrPlace(target) }]
      : [],
  );
  return sources.flatMap(({ at, target, access }) => {
    if (access !== 'read' || typeof target !== 'string') return [];
    const identity = identityOrPlace(target);
    const own = written.find((other) => other.identity === identity);
    if (own === undefined) return [];
    return [
      {
        path: at,
        message: `expected a file that no handler writes, found ${target}: the handler ${own.instance} writes ${own.target}, so it would grow for ever; name the file that the sensor writes`,
      },
    ];
  });
}
