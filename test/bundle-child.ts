import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

/**
 * Makes a program for a child process one file in `folder`, so that Node runs it without a loader. `external` is the
 * library with a binary or a worker that stays outside: `folder` lies where it resolves.
 */
export async function bundleChild(entry: URL, folder: string, external: string): Promise<void> {
  await build({
    entry: [fileURLToPath(entry)],
    outDir: folder,
    format: ['esm'],
    outExtension: () => ({ js: '.js' }),
    external: [external],
    noExternal: [new RegExp(`^(?!${external}$)`)],
    // What is bundled is partly CommonJS and asks for Node's own modules by `require`.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    esbuildOptions: (options) => {
      options.conditions = ['@ihandler/source'];
    },
    removeNodeProtocol: false,
    config: false,
    silent: true,
  });
}
