// Generates, from the origins that packages declare in src/origins.ts (or src/origins/index.ts), their origins.json, the page
// docs/incidents.md, and two modules that need them without a dependency. Run it after a change:
// node scripts/generate-origins.mjs
// It writes nothing else. When it fails, the files stay as they are.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'tsup';

const root = dirname(import.meta.dirname);
// Node 20 cannot run TypeScript, so the generator is bundled first.
const outDir = join(root, 'node_modules/.cache/generate-origins');
await build({
  entry: [join(root, 'scripts/generate-origins.ts')],
  outDir,
  format: ['esm'],
  target: 'node20',
  noExternal: [/./],
  outExtension: () => ({ js: '.mjs' }),
  config: false,
  silent: true,
  clean: true,
  // Packages import each other by name: from their sources, not from an earlier build.
  esbuildOptions(options) {
    options.conditions = ['@ihandler/source'];
  },
});
const { generateOrigins } = await import(pathToFileURL(join(outDir, 'generate-origins.mjs')).href);
rmSync(outDir, { recursive: true });
for (const [path, text] of generateOrigins()) {
  writeFileSync(join(root, path), text);
  console.log(`wrote ${path}`);
}
const biome = join(root, 'node_modules/.bin/biome');
const formatted = [...generateOrigins().keys()].filter((path) => !path.endsWith('.md'));
const { status } = spawnSync(biome, ['format', '--write', ...formatted], {
  cwd: root,
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
process.exitCode = status ?? 1;
