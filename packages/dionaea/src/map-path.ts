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

function mapPath(path: string, folders: readonly (readonly [string, string])[]): string {
  const full = path.includes('/') ? path : `./${path}`;
  for (const [sensorFolder, localFolder] of folders) {
    if (full === sensorFolder) return localFolder;
    if (full.startsWith(sensorFolder.endsWith('/') ? sensorFolder : `${sensorFolder}/`))
      return `${localFolder.replace(/\/+$/, '')}/${full.slice(sensorFolder.length).replace(/^\/+/, '')}`;
  }
  return path;
}

/** Replaces the sensor's paths in the data of an incident by paths on this machine, in place. */
export type MapPaths = (origin: string, data: Record<string, unknown>) => void;

/**
 * Makes the mapping of the option `paths`, for the data of downloads and reports; the longest matching folder wins. It only
 * rewrites paths: a handler must still check whether it may open the file. Returns undefined when there is nothing to map.
 */
export function createPathMapping(paths: Readonly<Record<string, string>> | undefined): MapPaths | undefined {
  const folders = Object.entries(paths ?? {}).sort(([a], [b]) => b.length - a.length);
  if (folders.length === 0) return undefined;
  return (origin, data) => {
    if (!originsWithFile.has(origin)) return;
    for (const key of ['path', 'file']) {
      const value = Object.hasOwn(data, key) ? data[key] : undefined;
      if (typeof value === 'string') data[key] = mapPath(value, folders);
    }
  };
}
