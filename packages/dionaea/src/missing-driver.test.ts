import { recording } from '@ihandler/test-support/recordings';
import { describe, expect, it, vi } from 'vitest';
import { runSource } from './testing/run-source.ts';

// The driver is an optional peer dependency. This simulates a machine without it.
vi.mock('better-sqlite3', () => {
  throw Object.assign(new Error("Cannot find package 'better-sqlite3'"), { code: 'ERR_MODULE_NOT_FOUND' });
});

describe('a machine without better-sqlite3', () => {
  it('reads JSON, and says what to install to read a database', async () => {
    const { default: dionaea } = await import('./index.ts');
    const lines = await runSource(dionaea({ file: recording('dionaea-a/log_incident.ndjson') }));
    expect(lines.incidents.length).toBe(243);
    await expect(
      runSource(dionaea({ file: recording('dionaea-a/log_sqlite.sqlite') })),
    ).rejects.toMatchObject({
      code: 'TARGET_UNREADABLE',
      message: expect.stringContaining('npm install better-sqlite3'),
    });
  });
});
