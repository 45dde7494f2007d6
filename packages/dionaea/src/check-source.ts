import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Finding } from '@ihandler/source-kit';
import { rootOf, samplePaths } from './map-path.ts';

type LivePaths = Parameters<typeof rootOf>[0];

/** How much of the end of a file is searched for the path of a sample, in bytes. */
const searched = 1024 * 1024;

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
