import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { describeError, type Source } from '@ihandler/core';
import { rootOf, samplePaths } from './map-path.ts';

type Finding = Awaited<ReturnType<NonNullable<Source['check']>>>[number];
type LivePaths = Parameters<typeof rootOf>[0];

/** How much of the end of a file is searched for the path of a sample, in bytes. */
const searched = 1024 * 1024;

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

function endOf(file: string): string {
  try {
    const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const { size } = fstatSync(descriptor);
      const buffer = Buffer.alloc(Math.min(size, searched));
      readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
      return buffer.toString('latin1');
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return ''; // another check reports a file that cannot be read
  }
}

/** The relative path of a sample that a text of `log_incident` lines names; undefined when it names none. */
export function relativeSampleIn(text: string): string | undefined {
  for (const line of text.split('\n')) {
    if (!/"origin": ?"dionaea\.download\.complete/.test(line)) continue;
    for (const [, path = ''] of line.matchAll(/"(?:path|file)": ?"([^/"][^"]*)"/g))
      if (path.includes('/', 1)) return path;
  }
  return undefined;
}

/** A finding when the file names samples by relative paths, and nothing says where they start: `store` gets nothing then. */
export function samplePathFindings(settings: LivePaths): readonly Finding[] {
  if (settings.remote || rootOf(settings) !== undefined) return [];
  const path = relativeSampleIn(endOf(settings.file));
  const folders = Object.keys(settings.paths ?? {});
  if (path === undefined || folders.some((folder) => path.startsWith(folder))) return [];
  return [
    {
      found: `${settings.file} names samples by relative paths such as ${path}: handlers such as store get no sample`,
      advice: 'set "root" of this source to the folder in which they start, such as /opt/dionaea',
    },
  ];
}

/** A finding when nothing says where the samples of a database are, which names them without a folder. */
export function sampleNameFindings(settings: LivePaths): readonly Finding[] {
  if (settings.remote || samplePaths(settings)?.['.'] !== undefined) return [];
  return [
    {
      found: `the database names samples without their folder, and there is no folder binaries beside ${settings.file}: handlers such as store get no sample`,
      advice: 'set "paths" of this source: { ".": /path/to/binaries }',
    },
  ];
}

/** A finding when handlers get no sample: no sensor of a port is on this machine, or nothing says where its relative paths start. */
export function postedSampleFindings(
  isLocal: boolean,
  root: string | undefined,
  paths: Readonly<Record<string, string>> | undefined,
): readonly Finding[] {
  if (!isLocal)
    return [
      {
        found:
          'the sensors of this source are not local: handlers such as store get no sample from what they post',
        advice: 'set "local: true" if the sensor is on this machine; otherwise run store beside the sensor',
      },
    ];
  if (root !== undefined || paths !== undefined) return [];
  return [
    {
      found:
        'a stock dionaea posts relative paths of samples, and nothing says where they start: handlers such as store get no sample',
      advice: 'set "root" of this source to the folder in which they start, such as /opt/dionaea',
    },
  ];
}
