import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { SourceContext } from '@ihandler/core';

/** Origins whose `path` or `file` is a file on the sensor. In other origins `path` is something else, such as a URL path. */
const originsWithFile = new Set([
  'dionaea.download.complete',
  'dionaea.download.complete.hash',
  'dionaea.download.complete.again',
  'dionaea.download.complete.unique',
  'dionaea.upload.complete',
  'dionaea.modules.python.printer.print',
  'dionaea.modules.python.virustotal.report',
  'dionaea.modules.python.virustotal.get_file_report',
  'dionaea.modules.python.virustotal_scan_file',
  'dionaea.modules.python.virustotal_make_comment',
]);

function mapPath(
  path: string,
  folders: readonly (readonly [string, string])[],
  root: string | undefined,
): string {
  const full = path.includes('/') ? path : `./${path}`;
  for (const [sensorFolder, localFolder] of folders) {
    if (full === sensorFolder) return localFolder;
    if (full.startsWith(sensorFolder.endsWith('/') ? sensorFolder : `${sensorFolder}/`))
      return `${localFolder.replace(/\/+$/, '')}/${full.slice(sensorFolder.length).replace(/^\/+/, '')}`;
  }
  const isBelowRoot = root !== undefined && !isAbsolute(path) && path.includes('/');
  return isBelowRoot && !path.split('/').includes('..') ? join(root, path) : path;
}

/**
 * The folder in which the relative paths of a dionaea start, by the path of a file that it writes: the folder around
 * `var/lib/dionaea` or `var/log/dionaea`. Undefined when the file is elsewhere.
 */
function installationOf(file: string): string | undefined {
  const [, root] = /^(.*)\/var\/(?:lib|log)\/dionaea\//.exec(file) ?? [];
  return root === '' ? '/' : root;
}

/** The settings of a live source that say where files are. */
interface LivePaths {
  readonly file: string;
  readonly paths?: Readonly<Record<string, string>> | undefined;
  readonly root?: string | undefined;
  readonly remote: boolean;
}

/** Where relative paths start: as set, else by the path of the file; undefined when the files are on another machine. */
export function rootOf({ file, root, remote }: LivePaths): string | undefined {
  return root ?? (remote ? undefined : installationOf(file));
}

/** Where the relative paths of an imported file start: as set, else by the path of a local file. */
export function importRootOf({ file, root, local }: ImportPaths): string | undefined {
  return root ?? (local ? installationOf(file) : undefined);
}

/** The settings of an import that say where files are. */
interface ImportPaths extends Omit<LivePaths, 'remote'> {
  readonly local: boolean;
}

/**
 * The mapping for a database, which names samples without a folder: as set, else to the folder `binaries` beside the
 * database, where dionaea stores them unless it is configured otherwise.
 */
export function samplePaths({
  file,
  paths,
  remote,
}: LivePaths): Readonly<Record<string, string>> | undefined {
  const beside = join(dirname(file), 'binaries');
  return remote || paths?.['.'] !== undefined || !existsSync(beside) ? paths : { ...paths, '.': beside };
}

/** Replaces the sensor's paths in the data of an incident by paths on this machine, in place. */
export type MapPaths = (origin: string, data: Record<string, unknown>) => void;

/**
 * Makes the mapping of the option `paths`, for the data of downloads and reports; the longest matching folder wins. Other
 * relative paths with a folder, as stock dionaea writes them, start in `root`. `onRelative` receives each path that is
 * relative all the same. It only rewrites paths: a handler must still check whether it may open the file. Returns undefined
 * when there is nothing to map.
 */
export function createPathMapping(
  paths: Readonly<Record<string, string>> | undefined,
  root?: string,
  onRelative?: ((path: string) => void) | undefined,
): MapPaths | undefined {
  const folders = Object.entries(paths ?? {}).sort(([a], [b]) => b.length - a.length);
  if (folders.length === 0 && root === undefined && onRelative === undefined) return undefined;
  return (origin, data) => {
    if (!originsWithFile.has(origin)) return;
    for (const key of ['path', 'file']) {
      const value = Object.hasOwn(data, key) ? data[key] : undefined;
      if (typeof value !== 'string') continue;
      const mapped = mapPath(value, folders, root);
      data[key] = mapped;
      if (onRelative !== undefined && mapped !== '' && !isAbsolute(mapped)) onRelative(mapped);
    }
  };
}

/** Logs once that samples have relative paths, which no handler opens; undefined when their files are elsewhere anyway. */
export function relativePathWarning(
  { log }: Pick<SourceContext, 'log'>,
  isLocal: boolean,
): ((path: string) => void) | undefined {
  if (!isLocal) return undefined;
  let hasWarned = false;
  return (path) => {
    if (hasWarned) return;
    hasWarned = true;
    log.warn(
      'samples have relative paths: handlers such as store get none; set "root" of this source to the folder in which they start, such as /opt/dionaea, or "paths"',
      { path },
    );
  };
}
