import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

/**
 * Makes a program for a child process one file in `folder`, so that Node runs it without a loader. Libraries with a binary
 * or a worker stay outside (`external`): `folder` lies where they resolve.
 */
export function bundleChild(entry: URL, folder: string, ...external: readonly string[]): Promise<void> {
  const name = /([^/]+)\.ts$/.exec(entry.pathname)?.[1];
  if (name === undefined) throw new Error(`expected a TypeScript file, found ${entry}`);
  return bundleChildren({ [name]: entry }, folder, ...external);
}

/** The same for several, by the names of their files, without `.js`; what they share is in files of its own. */
export async function bundleChildren(
  entries: Readonly<Record<string, URL>>,
  folder: string,
  ...external: readonly string[]
): Promise<void> {
  await build({
    entry: Object.fromEntries(Object.entries(entries).map(([name, url]) => [name, fileURLToPath(url)])),
    outDir: folder,
    format: ['esm'],
    outExtension: () => ({ js: '.js' }),
    external: [...external],
    noExternal: [new RegExp(`^(?!(${external.join('|')})$)`)],
    // What is bundled is partly CommonJS and asks for Node's own modules by `require`.
    banner: {
      js: "import { createRequire as createBundleRequire } from 'node:module'; const require = createBundleRequire(import.meta.url);",
    },
    esbuildOptions: (options) => {
      options.conditions = ['@ihandler/source'];
    },
    removeNodeProtocol: false,
    config: false,
    silent: true,
  });
}
