import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stream } from '@ihandler/test-support/attacks';
import { recording } from '@ihandler/test-support/recordings';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished, vi } from 'vitest';
import { query, startHandler, temporaryFolder } from '../testing/start-handler.ts';

// The tests may run in a container.
vi.mock('./unseen-processes.ts', () => ({ unseenProcesses: () => undefined }));

/** The process whose open files this user may not see. */
const hidden = vi.hoisted(() => ({ pid: 0 }));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  return {
    ...real,
    readdirSync(...parts: Parameters<typeof real.readdirSync>) {
      if (hidden.pid !== 0 && parts[0] === `/proc/${hidden.pid}/fd`)
        throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
      return real.readdirSync(...parts);
    },
  };
});

async function startHidden(name: string): Promise<number> {
  const process = spawn('bash', ['-c', `exec -a ${name} sleep 60`], { stdio: 'ignore' });
  onTestFinished(() => {
    hidden.pid = 0;
    process.kill('SIGKILL');
  });
  await once(process, 'spawn');
  hidden.pid = process.pid ?? 0;
  await vi.waitFor(async () => {
    const { readFileSync } = await import('node:fs');
    expect(readFileSync(`/proc/${hidden.pid}/cmdline`, 'utf8')).toContain(name);
  });
  return hidden.pid;
}

function dionaeaDatabase(): string {
  const file = join(temporaryFolder(), 'dionaea.sqlite');
  copyFileSync(recording('dionaea-a/log_sqlite.sqlite'), file);
  chmodSync(file, 0o600);
  return file;
}

it.runIf(process.platform === 'linux')(
  'log-sqlite does not adopt a database while the open files of a running dionaea cannot be read, unless the operator has checked',
  async () => {
    const file = dionaeaDatabase();
    const pid = await startHidden('/opt/dionaea/bin/dionaea');
    await expect(startHandler({ file, adopt: true })).rejects.toMatchObject({
      code: 'TARGET_UNREADABLE',
      message: expect.stringMatching(
        new RegExp(`process ${pid} .*run as root: fuser -v .*dionaea.sqlite.*"adopt: checked"`, 's'),
      ),
    });
    expect(readdirSync(dirname(file))).toEqual(['dionaea.sqlite']);
    const handler = await startHandler({ file, adopt: 'checked' });
    const { accept, checkpoint } = stream();
    handler.write([accept('a')], checkpoint());
    expect(query(file, 'SELECT connection_id FROM ihandler_connections')).toEqual([{ connection_id: 'a' }]);
  },
);

it.runIf(process.platform === 'linux')(
  'log-sqlite never says that nobody adds connections any more while a dionaea hides its open files',
  async () => {
    const file = dionaeaDatabase();
    const handler = await startHandler({ file, adopt: true });
    const { accept, checkpoint } = stream();
    handler.write([accept('a')], checkpoint());
    const pid = await startHidden('/opt/dionaea/bin/dionaea');
    const other = new Database(file);
    other.exec("INSERT INTO connections (connection_type) VALUES ('accept')");
    other.close();
    const write = () => handler.write([accept('b')], checkpoint());
    expect(write).toThrow(new RegExp(`process ${pid} .*run as root: fuser -v`, 's'));
    expect(handler.lines.join('\n')).not.toContain('has closed the database');
    hidden.pid = 0;
    write();
    expect(query(file, 'SELECT connection_id FROM ihandler_connections')).toHaveLength(2);
  },
);
