import { statSync } from 'node:fs';
import { IhandlerError } from '@ihandler/core';
import type { Resource } from '../diagnosis/resources.ts';

function idOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    // Missing or unreadable: opening it reports why.
    return undefined;
  }
}

/** Throws `OPTIONS_INVALID` when a file to import is one that a handler writes: it would grow for ever. */
export function refuseOwnOutput(files: readonly string[], resources: readonly Resource[]): void {
  for (const file of files) {
    const id = idOf(file);
    if (id === undefined) continue;
    for (const { target, access, instance } of resources)
      if (access === 'write' && typeof target === 'string' && idOf(target) === id)
        throw new IhandlerError(
          'OPTIONS_INVALID',
          `Cannot import ${file} into itself: the handler ${instance} writes ${target}. Name another file, or another target.`,
        );
  }
}
