import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { slowest } from '../support/slowest-first.ts';
import { filesInGit, packages, published, readPackageJson, root } from '../support/workspace.ts';

describe.each(published)('$folder', ({ folder, path, json, role }) => {
  it('has the six files and folders of every package', () => {
    const things = ['package.json', 'README.md', 'LICENSE', 'tsconfig.json', 'tsup.config.ts', 'src'];
    expect(things.filter((thing) => !existsSync(join(path, thing)))).toEqual([]);
    expect(readFileSync(join(path, 'LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'));
  });

  it('describes itself in package.json', () => {
    const name = folder
      .replace(/^packages\/(?=create-)/, '')
      .replace(/^packages\//, '@ihandler/')
      .replace(/^apps\//, '');
    expect(json).toMatchObject({
      name,
      license: 'MIT',
      type: 'module',
      engines: { node: '>=20.19' },
      repository: { type: 'git', directory: folder },
      publishConfig: { access: 'public' },
    });
    expect(json.description).toMatch(/^[A-Z].{20,}[^.]$/);
    expect(json.keywords).toContain('ihandler');
    expect(json.files?.[0]).toBe('dist');
    expect(json.scripts).toMatchObject({
      build: 'tsup',
      'check:package': expect.stringMatching(/^publint --strict/),
    });
    if (role !== 'app') expect(json.sideEffects).toBe(false);
  });

  it('exports its sources to the workspace and only built files to users', () => {
    const built: Record<string, unknown> = {};
    for (const [subpath, entry] of Object.entries(json.exports ?? {})) {
      if (typeof entry === 'string') {
        built[subpath] = entry;
        continue;
      }
      if (subpath === './testing') {
        expect(entry).toEqual({ '@ihandler/source': './src/testing/index.ts' });
        continue;
      }
      const { '@ihandler/source': source, ...others } = entry;
      expect(Object.keys(entry), subpath).toEqual(['@ihandler/source', 'types', 'default']);
      expect(existsSync(join(path, source ?? '')), `${source} exists`).toBe(true);
      expect(others, subpath).toEqual({
        types: source?.replace('./src/', './dist/').replace(/\.ts$/, '.d.ts'),
        default: source?.replace('./src/', './dist/').replace(/\.ts$/, '.js'),
      });
      built[subpath] = others;
    }
    expect(json.exports).toHaveProperty(['./package.json'], './package.json');
    expect(json.publishConfig?.exports ?? json.exports).toEqual(built);
  });

  it('exports everything that its valid manifest names', () => {
    if (json.ihandler === undefined)
      return expect(['app', 'core', 'creator', 'host', 'library']).toContain(role);
    const { handlers, sources, commands, journals, sensors } = manifestSchema.parse(json.ihandler);
    const offers = [handlers, sources, commands, journals, sensors].flatMap((kind) => Object.values(kind));
    expect(offers.length).toBeGreaterThan(0);
    for (const offer of offers) expect(json.exports, offer.summary).toHaveProperty([offer.export]);
  });
});

const afterCore = published.filter(({ role }) => ['host', 'library', 'plugin'].includes(role));

describe.each(afterCore)('$folder', ({ json }) => {
  it('has core as a peer, in a hand-written range', () => {
    expect(json.peerDependencies?.['@ihandler/core']).toMatch(/^\^\d+\.\d+\.\d+$/);
    expect(json.devDependencies?.['@ihandler/core']).toBe('workspace:^');
    expect(json.dependencies ?? {}).not.toHaveProperty('@ihandler/core');
    const core = packages.find(({ role }) => role === 'core');
    const major = /^\^(\d+)\./.exec(json.peerDependencies?.['@ihandler/core'] ?? '')?.[1];
    expect(core?.json.version.split('.')[0]).toBe(major);
  });
});

describe('the workspace', () => {
  it('lists every package in the devDependencies of the root', () => {
    const { devDependencies } = readPackageJson(root);
    const missing = published
      .map(({ json }) => json.name)
      .filter((name) => !(name in (devDependencies ?? {})));
    expect(missing, 'add them to the devDependencies of the root, as workspace:*').toEqual([]);
  });

  it('lists only existing files as the slowest tests', () => {
    expect(slowest.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it('keeps files short', () => {
    const long = filesInGit()
      .filter((file) => /\.(?:ts|mjs)$/.test(file) && !file.includes('.generated.'))
      .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines >= 320);
    expect(long, 'divide each of these files by its two purposes').toEqual([]);
  });

  it('contains no paths of a machine and no registry hosts', () => {
    const forbidden = [
      /(?<![\w.-])\/[w]ork\//,
      /(?<![\w.-])\/[r]oot\//,
      /regis[t]ry\.[a-z]+\.(?:org|com)/,
      /[d]eb\.[a-z]+\.org/,
    ];
    const named = filesInGit()
      .filter((file) => !file.startsWith('test/recordings/') && !file.endsWith('CHANGELOG.md'))
      .filter((file) => {
        const text = readFileSync(join(root, file), 'latin1');
        return forbidden.some((pattern) => pattern.test(text)) || text.includes(`${root}/`);
      });
    expect(named).toEqual([]);
  });

  it('contains no skipped tests and no notes of unfinished work', () => {
    const marks = /\b(?:it|test|describe)\.(?:only|skip|todo)\b|\b(?:TO[D]O|FIX[M]E|XX[X])\b/;
    const marked = filesInGit()
      .filter((file) => /\.(?:ts|mjs|md|ya?ml)$/.test(file) && !file.startsWith('test/recordings/'))
      .filter((file) => marks.test(readFileSync(join(root, file), 'utf8')));
    expect(marked).toEqual([]);
  });
});
