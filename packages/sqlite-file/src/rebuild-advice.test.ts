import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { rebuildAdvice } from './rebuild-advice.ts';

it.each([
  ['npm', 'package-lock.json', '{}', /^Run in \S+: npm rebuild --ignore-scripts=false better-sqlite3$/],
  [
    'pnpm',
    'pnpm-lock.yaml',
    '',
    /^Run in \S+: pnpm approve-builds better-sqlite3 && pnpm rebuild better-sqlite3$/,
  ],
  [
    'Yarn 1',
    'yarn.lock',
    '# yarn lockfile v1\n',
    /^Run in \S+: npm rebuild --ignore-scripts=false better-sqlite3$/,
  ],
  ['Yarn 4', 'yarn.lock', '__metadata:\n', /^Add "dependenciesMeta".* yarn rebuild better-sqlite3$/],
])('advice about a missing native part names the command of %s', (_, lockfile, content, expected) => {
  const project = mkdtempSync(join(tmpdir(), 'advice-'));
  onTestFinished(() => rmSync(project, { recursive: true }));
  writeFileSync(join(project, lockfile), content);
  const stores = ['.pnpm/better-sqlite3@1.2.3/node_modules/better-sqlite3', 'better-sqlite3'];
  for (const folder of stores) {
    const advice = rebuildAdvice(join(project, 'node_modules', folder));
    expect(advice).toMatch(expected);
    expect(advice).toContain(project);
  }
});
