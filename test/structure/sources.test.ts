import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { filesInGit, packages, root } from '../support/workspace.ts';

const CORE_NAMES = 115;
const KIT_NAMES = 60;
const FOLDER_FILES = 15;

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const sources = filesInGit().filter((file) => /^(?:packages|apps)\/[^/]+\/src\/.*\.ts$/.test(file));
const isForTests = (file: string): boolean => /\.test\.ts$|\/testing\//.test(file);
const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);

/** The files that a file imports or exports from by a relative path, types included. */
function relativeImports(file: string): readonly string[] {
  return parse(file).statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const specifier = statement.moduleSpecifier;
    if (specifier === undefined || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.'))
      return [];
    return [posix.join(dirname(file), specifier.text)];
  });
}

/** The files of each import circle, found as the strongly connected components of more than one file (Tarjan). */
function circles(files: readonly string[]): readonly (readonly string[])[] {
  const graph = new Map(
    files.map((file) => [file, relativeImports(file).filter((to) => files.includes(to))]),
  );
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  function visit(file: string): void {
    const own = index.size;
    index.set(file, own);
    low.set(file, own);
    stack.push(file);
    for (const to of graph.get(file) ?? []) {
      if (!index.has(to)) visit(to);
      if (stack.includes(to)) low.set(file, Math.min(low.get(file) ?? own, low.get(to) ?? own));
    }
    if (low.get(file) !== own) return;
    const component = stack.splice(stack.indexOf(file));
    if (component.length > 1) found.push(component.sort());
  }
  for (const file of files) if (!index.has(file)) visit(file);
  return found;
}

/** The names that an index file exports; a star export counts as the name `*`. */
function exportedNames(file: string, kinds: 'all' | 'values' = 'all'): readonly string[] {
  return parse(file).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement)) return [];
    const { exportClause } = statement;
    if (exportClause === undefined || !ts.isNamedExports(exportClause)) return ['*'];
    return exportClause.elements
      .filter(({ isTypeOnly }) => kinds === 'all' || !(isTypeOnly || statement.isTypeOnly))
      .map(({ name }) => name.text);
  });
}

/** A text without its examples: lists named `examples`, and quoted code in comments. Lines stay where they are. */
function withoutExamples(text: string): string {
  const blank = (example: string): string => example.replace(/[^\n]/g, ' ');
  return text
    .replace(/\bexamples: \[\n(?:.*\n)*?\s*\],/g, blank)
    .replace(/^\s*(?:\/?\*|\/\/).*$/gm, (comment) => comment.replace(/`[^`]*`/g, blank));
}

/** The lines of sources, comments included, that contain one of these names outside of examples. */
function linesWith(files: readonly string[], names: RegExp): readonly string[] {
  return files.flatMap((file) =>
    withoutExamples(read(file))
      .split('\n')
      .flatMap((line, index) => (names.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
}

describe('the imports of core and of the host', () => {
  it.each(['packages/core/src/', 'packages/host/src/'])('%s has no import circle', (folder) => {
    const files = sources.filter((file) => file.startsWith(folder) && !isForTests(file));
    expect(files.length).toBeGreaterThan(10);
    expect(circles(files)).toEqual([]);
  });
});

describe('the entry points of packages', () => {
  const entries = sources.filter((file) => /\/src\/(?:[^/]+\/)?index\.ts$/.test(file));

  it('list every name that they export', () => {
    expect(entries.length).toBeGreaterThan(15);
    expect(entries.filter((file) => exportedNames(file).includes('*'))).toEqual([]);
  });

  it(`of core export at most ${CORE_NAMES} names, and at most ${KIT_NAMES} from the kit`, () => {
    expect(exportedNames('packages/core/src/index.ts').length).toBeLessThanOrEqual(CORE_NAMES);
    expect(exportedNames('packages/core/src/kit/index.ts').length).toBeLessThanOrEqual(KIT_NAMES);
  });

  it('of core export no value that nothing else uses or documents', () => {
    const others = filesInGit()
      .filter((file) => /\.(?:ts|mjs|md)$/.test(file) && !file.startsWith('packages/core/src/'))
      .map(read)
      .join('\n');
    const isUsed = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(others);
    const names = ['packages/core/src/index.ts', 'packages/core/src/kit/index.ts'].flatMap((file) =>
      exportedNames(file, 'values'),
    );
    expect(names.filter((name) => !isUsed(name))).toEqual([]);
  });
});

describe('core, the host and the app', () => {
  const general = sources.filter(
    (file) => /^(?:packages\/(?:core|host)|apps\/ihandler)\/src\//.test(file) && !isForTests(file),
  );

  it('do not name a sensor', () => {
    expect(linesWith(general, /dionaea|cowrie|opencanary|conpot|glastopf/i)).toEqual([]);
  });

  it('do not name another package', () => {
    const allowed = ['@ihandler/core', '@ihandler/host'];
    const others = packages
      .map(({ json }) => json.name)
      .filter((name) => name.startsWith('@ihandler/') && !allowed.includes(name));
    const short = 'log[-_]sqlite|log[-_]postgres|log[-_]text|virustotal|hpfeeds|journal[-_]sqlite';
    expect(linesWith(general, new RegExp(`${others.join('|')}|${short}`, 'i'))).toEqual([]);
  });
});

describe('the folders of sources', () => {
  it(`hold at most ${FOLDER_FILES} source files each`, () => {
    const counts = new Map<string, number>();
    for (const file of sources.filter((each) => !isForTests(each)))
      counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > FOLDER_FILES)).toEqual([]);
  });
});
