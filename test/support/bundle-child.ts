import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

/**
 * Bundles a program for a child process into one file in `folder`, so that Node runs it without a loader. Libraries with a binary
 * or a worker are not bundled (`external`): `folder` must be where Node can resolve them.
 */
export function bundleChild(entry: URL, folder: string, ...external: readonly string[]): Promise<void> {
  const name = /([^/]+)\.ts$/.exec(entry.pathname)?.[1];
  if (name === undefined) throw new Error(`expected a TypeScript file, found ${entry}`);
  return bundleChildren({ [name]: entry }, folder, ...external);
}

/** Bundles several programs, by the names of their files without `.js`. Shared modules go into separate files. */
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
    // Some bundled modules are CommonJS and load modules of Node with `require`.
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
