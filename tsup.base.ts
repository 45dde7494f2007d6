import { defineConfig, type Options } from 'tsup';

/** The one build of every package: ESM for Node 20, types beside it, `node:` imports kept as they are. */
export function base(options: Options = {}): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry: ['src/index.ts'],
    format: ['esm'],
    target: 'node20',
    platform: 'node',
    dts: { compilerOptions: { ignoreDeprecations: '6.0', customConditions: [] } },
    sourcemap: true,
    clean: true,
    splitting: true,
    removeNodeProtocol: false,
    ...options,
  });
}
