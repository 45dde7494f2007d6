import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFolder } from '../testing/folder.ts';
import { findInstalled, findPackages } from './find-packages.ts';

const manifest = { contract: 1 };

describe('findPackages', () => {
  test('finds packages with the keyword and a manifest, with and without scope, and linked ones', () => {
    const world = createFolder();
    world.install('plain', { ihandler: manifest });
    world.install('@acme/scoped', { ihandler: manifest });
    world.install('no-keyword', { ihandler: manifest, keywords: ['honeypot'] });
    world.install('library', {});
    world.write(
      'elsewhere/package.json',
      JSON.stringify({ name: 'linked', version: '2.0.0', keywords: ['ihandler'], ihandler: manifest }),
    );
    symlinkSync(join(world.folder, 'elsewhere'), join(world.folder, 'node_modules/linked'));
    world.write('node_modules/.hidden/package.json', '{}');
    world.write('node_modules/torn/package.json', '{"name": "torn"');
    const { packages, unusable } = findPackages([world.folder]);
    expect(packages.map(({ name }) => name)).toEqual(['@acme/scoped', 'linked', 'plain']);
    expect(packages[1]?.folder).toBe(join(world.folder, 'elsewhere'));
    expect(unusable).toEqual([]);
  });

  test('searches the folders around each place, the nearest first, in the order of the places', () => {
    const world = createFolder();
    world.install('both', { ihandler: manifest, version: '1.0.0' });
    world.install('outer', { ihandler: manifest });
    world.write(
      'in/ner/node_modules/both/package.json',
      JSON.stringify({ name: 'both', version: '2.0.0', keywords: ['ihandler'], ihandler: manifest }),
    );
    const versions = (places: string[]) =>
      findPackages(places).packages.map(({ name, version }) => `${name}@${version}`);
    expect(versions([join(world.folder, 'in/ner')])).toEqual(['both@2.0.0', 'outer@1.2.3']);
    expect(versions([world.folder, join(world.folder, 'in/ner')])).toEqual(['both@1.0.0', 'outer@1.2.3']);
  });

  test('returns packages with an invalid manifest or another contract, with the reason', () => {
    const world = createFolder();
    world.install('future', { ihandler: { contract: 2, handlers: 'all new' } });
    world.install('wrong', { ihandler: { contract: 1, handlers: { a: { summary: 'x', options: {} } } } });
    const { packages, unusable } = findPackages([world.folder]);
    expect(packages).toEqual([]);
    expect(unusable.map(({ problem }) => problem)).toEqual([
      expect.stringMatching(/^future 1\.2\.3 is made for contract 2, but this program supports contract 1/),
      expect.stringMatching(/^wrong 1\.2\.3 has an invalid manifest, .*handlers\.a\.network/),
    ]);
  });
});

test("findInstalled says what to do under Yarn Plug'n'Play", () => {
  const { folder } = createFolder();
  const env = { NODE_OPTIONS: `--require ${folder}/.pnp.cjs --experimental-loader file://${folder}/x.mjs` };
  expect(() => findInstalled({ cwd: folder, prefix: folder, env })).toThrow(/nodeLinker: node-modules/);
});
