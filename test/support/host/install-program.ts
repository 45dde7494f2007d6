import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleChild, bundleChildren } from '../bundle-child.ts';

const root = new URL('../../../', import.meta.url);

/** Libraries that are not bundled: one with a binary, and an optional one of pg. */
const external = ['better-sqlite3', 'pg-native'] as const;

interface Manifest {
  readonly version: string;
  readonly ihandler: Readonly<Record<string, Readonly<Record<string, { readonly export?: string }>>>>;
  readonly exports: Readonly<Record<string, { readonly '@ihandler/source': string }>>;
}

/** The exports of a package that its manifest names, for example `.` and `./source`. */
function offeredBy({ ihandler }: Manifest): readonly string[] {
  const offers = Object.values(ihandler).flatMap((kind) =>
    typeof kind === 'object' ? Object.values(kind) : [],
  );
  return [...new Set(offers.map((offer) => offer.export ?? '.'))];
}

async function installPackage(folder: string, name: string): Promise<void> {
  const from = new URL(`packages/${name}/`, root);
  const manifest: Manifest = JSON.parse(readFileSync(new URL('package.json', from), 'utf8'));
  const to = join(folder, 'node_modules/@ihandler', name);
  const exported = offeredBy(manifest).map((subpath) => {
    const source = manifest.exports[subpath]?.['@ihandler/source'];
    if (source === undefined)
      throw new Error(`the manifest of ${name} names ${subpath}, which the package does not export`);
    return { subpath, file: subpath === '.' ? 'index' : subpath.slice(2), source };
  });
  const entries = exported.map(({ file, source }) => [file, new URL(source, from)] as const);
  await bundleChildren(Object.fromEntries(entries), to, ...external);
  const { version, ihandler } = manifest;
  const exports = Object.fromEntries(exported.map(({ subpath, file }) => [subpath, `./${file}.js`]));
  const json = {
    name: `@ihandler/${name}`,
    version,
    type: 'module',
    keywords: ['ihandler'],
    ihandler,
    exports,
  };
  writeFileSync(join(to, 'package.json'), JSON.stringify(json));
  const origins = new URL('origins.json', from);
  if (existsSync(origins)) copyFileSync(origins, join(to, 'origins.json'));
}

/**
 * Installs the program and packages of this workspace into a folder, bundled from their sources so that they start fast. Returns
 * the path of the program, which finds the packages from any folder below.
 */
export async function installProgram(folder: string, packages: readonly string[]): Promise<string> {
  mkdirSync(join(folder, 'node_modules/@ihandler'), { recursive: true });
  const library = fileURLToPath(new URL('packages/journal-sqlite/node_modules/better-sqlite3', root));
  symlinkSync(library, join(folder, 'node_modules/better-sqlite3'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  await bundleChild(new URL('apps/ihandler/src/main.ts', root), folder, ...external);
  const worker = new URL('packages/host/src/isolation/worker.ts', root);
  await bundleChild(worker, join(folder, 'isolation'), ...external);
  for (const name of packages) await installPackage(folder, name);
  return join(folder, 'main.js');
}
