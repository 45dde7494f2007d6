import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Command } from '@ihandler/core';
import { stream } from '@ihandler/test-support/attacks';
import { recording } from '@ihandler/test-support/recordings';
import { commandContext } from '@ihandler/testkit';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { query, startHandler, temporaryFolder } from '../testing/start-handler.ts';
import { commands } from './index.ts';

const recorded = recording('dionaea-a/log_sqlite.sqlite');

function command(name: string): Command {
  const found = commands[name];
  if (found === undefined) throw new Error(`unknown command ${name}`);
  return found;
}

async function run(name: string, ...positionals: string[]): Promise<{ code: number; output: string }> {
  const lent = commandContext({ now: () => Date.UTC(2026, 10, 22, 6, 51, 48) });
  const code = await command(name).run({ options: {}, positionals }, lent.context);
  return { code, output: lent.output };
}

describe('a target of the commands', () => {
  const accepts = (target: string) => command('tree').accepts?.(target);

  it('is accepted when it is a file of any kind, so that the error explains what it is', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'x.gz'), gzipSync(readFileSync(recorded)));
    writeFileSync(join(folder, 'y.gz'), gzipSync('{"a":1}'.repeat(1000)));
    writeFileSync(join(folder, 'z'), '{"a":1}');
    expect(await accepts(recorded)).toBe(true);
    expect(await accepts(join(folder, 'x.gz'))).toBe(true);
    expect(await accepts(join(folder, 'y.gz'))).toBe(true);
    expect(await accepts(join(folder, 'z'))).toBe(true);
  });

  it('is accepted when it may be the path of a missing file, so that the error explains it, but not as a URL', async () => {
    expect(await accepts('/no/such.sqlite')).toBe(true);
    expect(await accepts('postgres://host/database')).toBe(false);
    expect(await accepts('database')).toBe(true);
    await expect(run('tree', '/no/such.sqlite')).rejects.toThrow('/no/such.sqlite does not exist');
  });
});

it('tree and summary show a database that dionaea wrote', async () => {
  expect((await run('tree', recorded)).output).toContain('smbd');
  expect((await run('summary', recorded)).output).toContain('56');
});

describe('a database that another program has locked', () => {
  function lockedDatabase() {
    const file = join(temporaryFolder(), 'dionaea.sqlite');
    copyFileSync(recorded, file);
    const other = new Database(file);
    other.exec('BEGIN EXCLUSIVE');
    onTestFinished(() => {
      other.close();
    });
    return { file, other };
  }

  it.each(['tree', 'summary', 'backup'])('is reported by %s within two seconds', async (name) => {
    const { file } = lockedDatabase();
    const start = performance.now();
    await expect(run(name, file)).rejects.toMatchObject({
      code: 'TARGET_UNREADABLE',
      message: `${file} is locked by another program: try again when it has finished, or read a copy.`,
    });
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it.each(['tree', 'summary', 'backup'])(
    'is waited for by %s on a terminal, with a line that says so',
    async (name) => {
      const { file, other } = lockedDatabase();
      const shown: unknown[] = [];
      const lent = commandContext();
      const terminal = {
        ...lent.context.terminal,
        columns: 80,
        progress(text: string | undefined) {
          shown.push(text);
          if (text !== undefined && other.inTransaction) setTimeout(() => other.exec('COMMIT'), 1700);
        },
      };
      const context = { ...lent.context, terminal };
      expect(await command(name).run({ options: {}, positionals: [file] }, context)).toBe(0);
      expect(shown[0]).toBe(`waiting: ${file} is locked by another program (Ctrl-C to stop)`);
      expect(shown.at(-1)).toBeUndefined();
    },
  );

  it('is not waited for after an interrupt', async () => {
    const { file } = lockedDatabase();
    const interrupt = new AbortController();
    const lent = commandContext({ signal: interrupt.signal });
    const terminal = { ...lent.context.terminal, columns: 80, progress: () => interrupt.abort() };
    const context = { ...lent.context, terminal };
    for (const name of ['tree', 'backup'])
      expect(await command(name).run({ options: {}, positionals: [file] }, context)).toBe(130);
  });
});

describe('ihandler backup', () => {
  it('copies a database in use into one complete file', async () => {
    const file = join(temporaryFolder(), 'attacks.sqlite');
    const handler = await startHandler({ file });
    const { accept, checkpoint } = stream();
    handler.write([accept('a')], checkpoint());
    const { code, output } = await run('backup', file);
    const copy = `${file}.backup-20261122T065148Z`;
    expect(code).toBe(0);
    expect(output).toBe(`${copy} ${statSync(copy).size.toLocaleString('en')} bytes, verified\n`);
    expect(query(copy, 'SELECT connection_id FROM ihandler_connections')).toEqual([{ connection_id: 'a' }]);
    expect(statSync(copy).mode & 0o777).toBe(0o640);
    expect(
      readdirSync(dirname(file)).filter((name) => name.startsWith('attacks.sqlite.backup')),
    ).toHaveLength(1);
  });

  it('does not overwrite a file', async () => {
    const target = join(temporaryFolder(), 'there.sqlite');
    writeFileSync(target, 'mine');
    await expect(run('backup', recorded, target)).rejects.toThrow('already exists');
    expect(readFileSync(target, 'utf8')).toBe('mine');
  });

  it('names missing arguments, files and folders', async () => {
    await expect(run('backup')).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    await expect(run('backup', '/no/such.sqlite')).rejects.toThrow('does not exist');
    await expect(run('backup', recorded, '/no/such/folder/x')).rejects.toThrow('/no/such/folder');
  });
});
