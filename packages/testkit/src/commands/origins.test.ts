import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOrigins } from '@ihandler/core/origins';
import { expect, it, onTestFinished } from 'vitest';
import { commandContext } from '../command-context.ts';
import { originsCommand } from './origins.ts';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-origins-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const zod = import.meta.resolve('zod');

/** A module as a build writes it, with the zod of core. */
function writeModule(folder: string, schema: string): string {
  const file = join(folder, 'origins.mjs');
  writeFileSync(
    file,
    `const { z } = await import(${JSON.stringify(zod)});
    export const origins = {
      'acme.login': {
        schema: ${schema},
        level: 'info',
        description: 'A login.',
        roles: { login: { username: 'user' } },
      },
    };`,
  );
  return file;
}

async function run(file: string, folder: string, ...more: string[]) {
  const { context, output } = commandContext();
  const options = { out: join(folder, 'origins.json'), ...(more.includes('--check') && { check: true }) };
  const page = more.includes('--page') ? { page: join(folder, 'INCIDENTS.md') } : {};
  const code = await originsCommand.run({ options: { ...options, ...page }, positionals: [file] }, context);
  return { code, output };
}

it('writes origins.json and a page from the declarations, and checks that they are up to date', async () => {
  const folder = newFolder();
  const file = writeModule(folder, 'z.object({ user: z.string(), port: z.int().exactOptional() })');
  expect((await run(file, folder, '--check')).code).toBe(1);
  expect((await run(file, folder, '--page')).code).toBe(0);
  expect((await run(file, folder, '--page', '--check')).code).toBe(0);
  const origins = createOrigins([JSON.parse(readFileSync(join(folder, 'origins.json'), 'utf8'))]);
  expect(origins.misfitOf('acme.login', { user: 7 })).toBe('user: expected a string, found 7');
  expect(origins.rolesOf('acme.login')).toEqual(['login']);
  expect(readFileSync(join(folder, 'INCIDENTS.md'), 'utf8')).toContain(
    '| `acme.login` | info | `login` | `user` string, `port`? integer | A login. |',
  );
});

it('refuses a schema that requires more than is checked, and a module without origins', async () => {
  const folder = newFolder();
  const file = writeModule(folder, 'z.object({ user: z.tuple([z.string()]) })');
  await expect(run(file, folder)).rejects.toThrow(/acme\.login uses "prefixItems"/);
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, 'export const other = 1;');
  await expect(run(empty, folder)).rejects.toThrow(/export "origins".*found undefined/);
  await expect(run(join(folder, 'origins.ts'), folder)).rejects.toThrow(/built module/);
});
