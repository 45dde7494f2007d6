// The headers against which SQLite is compiled if no prebuilt binary can be downloaded.
import { cpSync, existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Returns a folder with the headers of the running Node, which saves node-gyp a download, or undefined if Node has none.
 *
 * Since 24.19 (nodejs/node#65446) code compiled against the header of `node::ObjectWrap` aborts the process when an object is
 * collected while no JavaScript runs. For such versions the empty `folder` gets a copy with the header of 24.18.
 */
export function nodeHeaders(folder) {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  const header = join('include', 'node', 'node_object_wrap.h');
  if (!existsSync(join(prefix, header))) return undefined;
  const text = readFileSync(join(prefix, header), 'utf8');
  if (!text.includes('RemoveEnvironmentCleanupHook')) return prefix;
  cpSync(join(prefix, 'include'), join(folder, 'include'), { recursive: true, dereference: true });
  writeFileSync(join(folder, header), text.replace(/^ *(?:Add|Remove)CleanupHook\(\);\n/gm, ''));
  return folder;
}
