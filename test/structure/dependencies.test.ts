import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { published, readPackageJson, root } from '../support/workspace.ts';

/** What a package of others says about itself. */
interface Facts {
  readonly licence: string;
  /** The versions of Node that it asks for. */
  readonly node?: string;
  /** The scripts that npm runs when it is installed. */
  readonly scripts?: readonly string[];
}

interface OtherJson {
  readonly license?: string;
  /** The form of old packages. */
  readonly licenses?: readonly { readonly type?: string }[];
  readonly engines?: { readonly node?: string };
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const listFile = join(root, 'test/support/dependencies.json');
// Written by this test with UPDATE_DEPENDENCIES=1.
const list = JSON.parse(readFileSync(listFile, 'utf8')) as Readonly<Record<string, Facts>>;
const INSTALL = ['preinstall', 'install', 'postinstall'];

/** The folder of a dependency, as Node finds it from a folder; undefined for an optional one of another system. */
function folderOf(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (folder === dirname(folder)) return undefined;
  }
}

function factsOf(folder: string, { license, licenses, engines, scripts = {} }: OtherJson): Facts {
  const found = INSTALL.filter((name) => Object.hasOwn(scripts, name));
  const own = found.length === 0 && existsSync(join(folder, 'binding.gyp')) ? ['install'] : found;
  return {
    licence: license ?? licenses?.map(({ type }) => type).join(' OR ') ?? '',
    ...(engines?.node !== undefined && { node: engines.node }),
    ...(own.length > 0 && { scripts: own }),
  };
}

/** Adds the packages of others that npm installs with a package. */
function collect(folder: string, into: Map<string, Facts>, seen: Set<string>): void {
  if (seen.has(folder)) return;
  seen.add(folder);
  // Safe: npm has installed it.
  const json = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as OtherJson;
  for (const name of Object.keys({ ...json.dependencies, ...json.optionalDependencies })) {
    const found = folderOf(name, folder);
    if (found === undefined) {
      expect(Object.keys(json.optionalDependencies ?? {}), `${name} is installed`).toContain(name);
      continue;
    }
    if (!/^(?:@ihandler\/|ihandler$)/.test(name))
      into.set(
        name,
        factsOf(found, JSON.parse(readFileSync(join(found, 'package.json'), 'utf8')) as OtherJson),
      );
    collect(found, into, seen);
  }
}

/** Whether a range of versions contains 20.19.0: the comparators that engines use. */
function admits(range: string): boolean {
  const own = [20, 19, 0];
  const compare = (version: readonly number[]) =>
    own.reduce((result, part, index) => result || part - (version[index] ?? 0), 0);
  return range.split('||').some((clause) =>
    [...clause.matchAll(/([<>=^~]*)\s*v?([\d.x*]+)/g)].every(([, operator = '', text = '']) => {
      if (text === '*') return true;
      const version = text.split('.').map(Number);
      const order = compare(version.map((part) => (Number.isNaN(part) ? 0 : part)));
      if (operator === '>=') return order >= 0;
      if (operator === '>') return order > 0;
      if (operator === '<') return order < 0;
      if (operator === '<=') return order <= 0;
      return version[0] === own[0] && (operator !== '~' || version[1] === own[1]) && order >= 0;
    }),
  );
}

const trees = published.map(({ path, json }) => {
  const tree = new Map<string, Facts>();
  collect(path, tree, new Set());
  return { name: json.name, tree };
});
const all = new Map(trees.flatMap(({ tree }) => [...tree]).toSorted(([a], [b]) => (a < b ? -1 : 1)));

describe('the packages of others that ours install', () => {
  it('are those of the checked-in list, with its licences, engines and install scripts', () => {
    const table = trees.map(({ name, tree }) => {
      const described = [...tree].map(([other, { licence, node, scripts = [] }]) =>
        [`  ${other}`, licence, node && `node ${node}`, ...scripts.map((script) => `runs ${script}`)]
          .filter(Boolean)
          .join(', '),
      );
      return [`${name}: ${tree.size}`, ...described].join('\n');
    });
    console.log(table.join('\n'));
    if (process.env['UPDATE_DEPENDENCIES'] === '1')
      writeFileSync(listFile, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`);
    else
      expect(
        Object.fromEntries(all),
        'another dependency: is it worth it? Then run this test with UPDATE_DEPENDENCIES=1',
      ).toEqual(list);
  });

  it('have a permissive licence', () => {
    const permissive =
      /^(?:MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|Unlicense|BlueOak-1\.0\.0|\(MIT OR WTFPL\)|\(BSD-2-Clause OR MIT OR Apache-2\.0\))$/;
    expect([...all].filter(([, { licence }]) => !permissive.test(licence))).toEqual([]);
  });

  it('run on the oldest Node that ours promise', () => {
    expect(readPackageJson(root).engines).toEqual({ node: '>=20.19' });
    expect([...all].filter(([, { node }]) => node !== undefined && !admits(node))).toEqual([]);
  });

  it('run install scripts only for SQLite', () => {
    expect([...all].flatMap(([name, { scripts }]) => (scripts ? [name] : []))).toEqual(['better-sqlite3']);
  });

  it('are few for the app', () => {
    expect(trees.find(({ name }) => name === 'ihandler')?.tree.size).toBeLessThan(20);
  });
});
