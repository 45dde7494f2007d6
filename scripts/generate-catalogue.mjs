// Generates three files from the catalogue in packages/core/src/catalogue and from the origins that other packages declare:
// the published JSON Schema, the check of incoming data and docs/incidents.md. Run it after a change of either:
// node scripts/generate-catalogue.mjs
// It writes nothing else. When it fails, the files stay as they are.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'tsup';

const root = dirname(import.meta.dirname);
// Node 20 cannot run TypeScript, so the generator is bundled first.
const outDir = join(root, 'node_modules/.cache/generate-catalogue');
await build({
  entry: [join(root, 'scripts/generate-catalogue.ts')],
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
const { generateCatalogue } = await import(pathToFileURL(join(outDir, 'generate-catalogue.mjs')).href);
rmSync(outDir, { recursive: true });
for (const [path, text] of generateCatalogue()) {
  writeFileSync(join(root, path), text);
  console.log(`wrote ${path}`);
}
const biome = join(root, 'node_modules/.bin/biome');
const { status } = spawnSync(biome, ['format', '--write', 'packages/core/incidents.schema.json'], {
  cwd: root,
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
process.exitCode = status ?? 1;
