/** Origins whose `path` or `file` is a file on the sensor; elsewhere `path` is something else, such as a request's. */
const filed = new Set([
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
  const found = path.includes('/') ? path : `./${path}`;
  for (const [theirs, ours] of folders) {
    if (found === theirs) return ours;
    if (found.startsWith(theirs.endsWith('/') ? theirs : `${theirs}/`))
      return `${ours.replace(/\/+$/, '')}/${found.slice(theirs.length).replace(/^\/+/, '')}`;
  }
  return path;
}

/**
 * Makes the mapping of option `paths`: in place, the sensor's paths in the data of a download or a report become ours;
 * the longest folder that fits wins. It only rewrites: a handler still has to see whether it may open what comes out.
 */
export function createPathMapping(
  paths: Readonly<Record<string, string>> | undefined,
): ((origin: string, data: Record<string, unknown>) => void) | undefined {
  const folders = Object.entries(paths ?? {}).sort(([a], [b]) => b.length - a.length);
  if (folders.length === 0) return undefined;
  return (origin, data) => {
    if (!filed.has(origin)) return;
    for (const key of ['path', 'file']) {
      const value = Object.hasOwn(data, key) ? data[key] : undefined;
      if (typeof value === 'string') data[key] = mapPath(value, folders);
    }
  };
}
