import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
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

interface Mount {
  /** The path of the file in its own file system, with the name that it has there since it was renamed. */
  readonly root: string;
  readonly point: string;
}

function decodeOctal(field: string | undefined): string {
  return (field ?? '').replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The mount whose point is this very file; see proc(5) for the text of mountinfo. */
function mountOf(file: string, mounts: string): Mount | undefined {
  const path = realPath(file);
  return mounts
    .split('\n')
    .map((line) => line.split(' '))
    .map(([, , , root, point]) => ({ root: decodeOctal(root), point: decodeOctal(point) }))
    .findLast(({ point }) => point === path);
}

function adviceFor(file: string): string {
  return `mount the folder ${dirname(file)} instead of the file`;
}

/**
 * A finding when a file is a mount of its own, as in `docker run -v FILE:FILE`: the mount stays on the file that was there,
 * so a rotation outside the container is not seen. `mounts` is the text of mountinfo, see proc(5).
 */
export function mountFindings(file: string, mounts = mountsOf()): readonly Finding[] {
  if (mountOf(file, mounts) === undefined) return [];
  return [
    {
      found: `${file} is mounted as a single file: after a rotation on the host, nothing new arrives here`,
      advice: adviceFor(file),
    },
  ];
}

/**
 * Why nothing new arrives in a file that is a mount of its own, after the file was renamed or deleted outside; undefined
 * while that cannot be seen. A file mounted under another name counts as renamed only to a name that a rotation makes.
 */
export function leftMountProblem(file: string, mounts = mountsOf()): string | undefined {
  const mount = mountOf(file, mounts);
  if (mount === undefined) return undefined;
  const [name, here] = [basename(mount.root), basename(mount.point)];
  const isDeleted = mount.root.endsWith('//deleted');
  if (!isDeleted && (name === here || !/^[.-]/.test(name.startsWith(here) ? name.slice(here.length) : '')))
    return undefined;
  const why = isDeleted ? 'was deleted or replaced' : `was renamed to ${name}`;
  return `${file} is mounted as a single file, which ${why} on the host: nothing new arrives here; ${adviceFor(file)}.`;
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
