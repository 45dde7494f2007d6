import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesInGit, root } from '../support/workspace.ts';

const files = filesInGit();
const data = /^test\/(?:recordings|data-folders)\//;
const inTest = files.filter((file) => file.startsWith('test/') && !data.test(file));

/** The files that relative literals of a file name, as `<file> names <target>`, when the target matches. */
function named(file: string, literal: RegExp, target: RegExp): readonly string[] {
  return [...readFileSync(join(root, file), 'utf8').matchAll(literal)]
    .map(([, path = '']) => posix.join(dirname(file), path))
    .filter((path) => target.test(path))
    .map((path) => `${file} names ${path}`);
}

describe('the folder test/', () => {
  it('holds tests, and everything that is not a test in test/support', () => {
    const inSupport = (file: string) => file.startsWith('test/support/');
    const isTest = (file: string) => file.endsWith('.test.ts');
    expect(inTest.filter((file) => isTest(file) === inSupport(file))).toEqual([]);
  });

  it('has one level of folders', () => {
    const deep = inTest.filter((file) => !file.startsWith('test/support/') && file.split('/').length !== 3);
    expect(deep).toEqual([]);
  });

  it('imports packages by their names, never by paths into their sources', () => {
    const imports = /\bfrom '(\.[^']+)'/g;
    expect(inTest.flatMap((file) => named(file, imports, /^(?:packages|apps)\//))).toEqual([]);
  });
});

describe('packages and apps', () => {
  it('import shared test code from @ihandler/test-support only', () => {
    const sources = files.filter((file) => /^(?:packages|apps)\/.*\.(?:ts|mjs)$/.test(file));
    const literals = /['"`](\.[^'"`\n]*|test\/recordings\/[^'"`\n]*)['"`]/g;
    expect(sources.flatMap((file) => named(file, literals, /^test\/|\/test\/recordings\//))).toEqual([]);
  });

  it('have their benchmarks in bench/', () => {
    const elsewhere = files.filter((file) => file.endsWith('.bench.ts') && !/^bench\/[^/]+$/.test(file));
    expect(elsewhere).toEqual([]);
  });
});
