import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeError } from '@ihandler/core';
import type { Finding } from './options.ts';

function mountsOf(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return ''; // only Linux has it
  }
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file; // it does not exist yet
  }
}

/**
 * A finding when a file is a mount of its own, as in `docker run -v FILE:FILE`: the mount stays on the file that was there,
 * so a rotation outside the container is not seen. `mounts` is the text of mountinfo, see proc(5).
 */
export function mountFindings(file: string, mounts = mountsOf()): readonly Finding[] {
  const path = realPath(file);
  const points = mounts
    .split('\n')
    .map((line) =>
      line.split(' ')[4]?.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
  if (!points.includes(path)) return [];
  return [
    {
      found: `${file} is mounted as a single file: after a rotation on the host, nothing new arrives here`,
      advice: `mount the folder ${dirname(file)} instead of the file`,
    },
  ];
}

/** A finding when the folder to which rotations move parts cannot be read: the rest of a rotated part is not found then. */
export function rotatedToFindings(folder: string | undefined): readonly Finding[] {
  if (folder === undefined) return [];
  try {
    readdirSync(folder);
    return [];
  } catch (error) {
    return [
      {
        found: `rotated parts in ${folder} cannot be read: ${describeError(error)}`,
        advice: 'set "rotatedTo" of this source to the folder of olddir in logrotate, and make it readable',
      },
    ];
  }
}
