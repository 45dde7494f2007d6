import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFolder } from '../testing/folder.ts';
import { projectFolders } from './places.ts';

const json = JSON.stringify({ name: 'program' });

/** A world with a program at a path, and links to it. */
function world(program: string, links: readonly string[] = []) {
  const { folder, write } = createFolder();
  write(join(program, 'package.json'), json);
  write(join(program, 'dist/main.js'), '');
  for (const link of links) {
    mkdirSync(dirname(join(folder, link)), { recursive: true });
    symlinkSync(join(folder, program), join(folder, link));
  }
  const own = (cwd: string) => {
    mkdirSync(join(folder, cwd, 'node_modules'), { recursive: true });
    return projectFolders(join(folder, cwd), join(folder, program, 'dist')).own.map((found) =>
      found.slice(folder.length + 1),
    );
  };
  return { own, write, folder };
}

describe('the working directory counts', () => {
  test.each([
    ['npm', 'project/node_modules/program', []],
    ['npm, inside another package', 'project/node_modules/outer/node_modules/program', []],
    [
      'pnpm',
      'project/node_modules/.pnpm/program@1.0.0/node_modules/program',
      ['project/node_modules/program'],
    ],
    ['npm link', 'elsewhere/checkout/apps/program', ['project/node_modules/program']],
    ['a checkout, whose root lists the program', 'project/apps/program', ['project/node_modules/program']],
  ])('in a project that installed the program with %s, and below it', (_, program, links) => {
    const { own } = world(program, links);
    expect(own('project')).toEqual(['project/node_modules']);
    expect(own('project/logs/old')).toEqual(['project/node_modules']);
  });

  test.each([
    ['that has none', []],
    ['that has another copy of it', ['foreign/node_modules/program/package.json']],
  ])('not in a folder %s', (_, files) => {
    const { own, write } = world('usr/lib/node_modules/program');
    for (const file of files) write(file, json);
    expect(own('foreign')).toEqual([]);
  });
});
