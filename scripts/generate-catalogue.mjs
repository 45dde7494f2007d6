// Writes what is made from the incident catalogue (packages/core/src/catalogue): the published JSON Schema, the check at
// the edge and docs/incidents.md. Run it after a change of the catalogue: node scripts/generate-catalogue.mjs
// It writes these three files and nothing else; a failure leaves them as they are.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'tsup';

const root = dirname(import.meta.dirname);
// Node 20 reads no TypeScript: the generator is bundled first.
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
