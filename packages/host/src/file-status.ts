import { type Stats, statSync } from 'node:fs';

/** The status of what a path leads to; undefined when nothing is there, or this user cannot know. Never throws. */
export function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // also when a part of the path is a file, or a link leads back to itself
  }
}
