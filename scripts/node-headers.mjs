// The headers that SQLite is compiled against where no ready binary can be fetched.
import { cpSync, existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Answers a folder with the headers of this very Node, which spares node-gyp a download; undefined if Node came without.
 *
 * Since 24.19 (nodejs/node#65446) the header of `node::ObjectWrap` makes what is compiled against it abort the process
 * when an object is collected while no JavaScript runs. Then `folder`, which is empty, gets a copy without that, as 24.18 had it.
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
