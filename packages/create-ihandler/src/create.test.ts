import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestSchema } from '@ihandler/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { nameFrom } from './answers.ts';
import { parseArguments } from './arguments.ts';
import { complete } from './complete.ts';
import { create } from './create.ts';
import { packageManager } from './package-manager.ts';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'create-ihandler-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const npm = packageManager();

describe('create-ihandler', () => {
  it.each(
    (['handler', 'source', 'both'] as const).flatMap((kind) =>
      (['ts', 'js'] as const).map((language) => ({ kind, language })),
    ),
  )('writes a package with a valid manifest: $kind, $language', ({ kind, language }) => {
    const answers = { folder: 'new', kind, language, name: 'door-alerts' };
    const folder = create(answers, newFolder(), npm);
    const json = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const { handlers, sources } = manifestSchema.parse(json.ihandler);
    for (const offer of [...Object.values(handlers), ...Object.values(sources)])
      expect(json.exports).toHaveProperty([offer.export]);
    expect(Object.keys(handlers)).toEqual(kind === 'source' ? [] : ['door-alerts']);
    expect(Object.keys(sources)).toEqual(kind === 'handler' ? [] : ['door-alerts', 'door-alerts-follow']);
    expect(readdirSync(folder)).toEqual(
      expect.arrayContaining([
        '.changeset',
        '.github',
        '.gitignore',
        'LICENSE',
        'README.md',
        'tsconfig.json',
      ]),
    );
    for (const file of readdirSync(join(folder, 'src')))
      expect(readFileSync(join(folder, 'src', file), 'utf8')).not.toMatch(/example-?name/i);
  });

  it('refuses a folder that is not empty, and writes nothing to it', () => {
    const cwd = newFolder();
    mkdirSync(join(cwd, 'used'));
    writeFileSync(join(cwd, 'used', 'mine.txt'), '');
    const answers = { folder: 'used', kind: 'handler', language: 'ts', name: 'x' } as const;
    expect(() => create(answers, cwd, npm)).toThrow(/used is not empty/);
    expect(readdirSync(join(cwd, 'used'))).toEqual(['mine.txt']);
  });

  it('asks only for answers that the command line does not give', async () => {
    const asked: string[] = [];
    const ask = async (question: string, fallback: string) => {
      asked.push(question.replace(/ .*/, ''));
      return fallback;
    };
    const given = parseArguments(['alerts', '--both']);
    expect(given && (await complete(given, ask))).toMatchObject({
      kind: 'both',
      language: 'ts',
      name: 'alerts',
    });
    expect(asked).toEqual(['Language']);
    await complete({ yes: true }, ask);
    expect(asked).toHaveLength(1);
  });

  it('rejects options that exclude each other, unknown ones, and invalid names', () => {
    expect(() => parseArguments(['x', '--ts', '--js'])).toThrow(/found both/);
    expect(() => parseArguments(['x', '--rust'])).toThrow(/Usage: create-ihandler/);
    expect(() => parseArguments(['x', '--name', '../x'])).toThrow(/lower-case letters/);
    expect(nameFrom('./ihandler-My_Alerts/')).toBe('my-alerts');
  });

  it('writes the commands of the package manager that started it', () => {
    expect(packageManager('pnpm/12.0.0 npm/? node/v20.19.0').exec('ihandler')).toBe('pnpm exec ihandler');
    expect(packageManager('yarn/4.0.0 npm/? node/v20.19.0').install).toBe('yarn install');
    expect(packageManager('npm/10.0.0 node/v20.19.0').run('test')).toBe('npm test');
  });

  it.each([
    ['npm/10.0.0', ['npm install', 'npm run build', 'npm run typecheck', 'npm test', 'npm run check'], false],
    [
      'pnpm/12.0.0',
      [
        'npm install --global pnpm',
        'pnpm install',
        'pnpm run build',
        'pnpm run typecheck',
        'pnpm test',
        'pnpm run check',
      ],
      false,
    ],
    [
      'yarn/1.22.0',
      ['yarn install', 'yarn run build', 'yarn run typecheck', 'yarn test', 'yarn run check'],
      false,
    ],
    [
      'yarn/4.0.0',
      [
        'corepack enable',
        'yarn install',
        'yarn run build',
        'yarn run typecheck',
        'yarn test',
        'yarn run check',
      ],
      true,
    ],
  ])('writes a CI workflow that runs the commands of %s', (agent, commands, hasNodeLinker) => {
    const answers = { folder: 'new', kind: 'both', language: 'ts', name: 'door' } as const;
    const folder = create(answers, newFolder(), packageManager(`${agent} npm/? node/v20.19.0`));
    const steps = parse(readFileSync(join(folder, '.github/workflows/ci.yml'), 'utf8')).jobs.test.steps;
    expect(steps.flatMap(({ run }: { run?: string }) => run ?? [])).toEqual(commands);
    expect(readdirSync(folder).includes('.yarnrc.yml')).toBe(hasNodeLinker);
  });
});
