import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleChild } from '../support/bundle-child.ts';
import { startVirusTotalServer } from '../support/virustotal-server/server.ts';

// The program resolves its dependencies from the package.
const program = mkdtempSync(join(import.meta.dirname, '../../packages/virustotal/node_modules/.upload-'));
const folder = mkdtempSync(join(tmpdir(), 'ihandler-upload-'));

beforeAll(() =>
  bundleChild(new URL('../support/virustotal/upload-child.ts', import.meta.url), program, 'better-sqlite3'),
);
afterAll(() => {
  for (const path of [program, folder]) rmSync(path, { recursive: true, force: true });
});

it('virustotal uploads 40 MB to a separate upload URL, in less than 150 MB of memory', {
  timeout: 60_000,
}, async () => {
  const bytes = Buffer.alloc(40e6, 'MZ not so random ');
  const md5 = createHash('md5').update(bytes).digest('hex');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(folder, md5), bytes);
  // Four requests: the quotas of the key, the hash, the upload URL, the file.
  const server = await startVirusTotalServer({ limits: { minute: 100, day: 500, month: 15_500 } });
  try {
    const run = promisify(execFile)(process.execPath, [
      join(program, 'upload-child.js'),
      folder,
      server.url,
      server.key,
      md5,
    ]);
    const { stdout } = await run;
    expect(server.uploads.get(sha256)).toEqual([sha256]);
    expect(server.files.get(sha256)?.size).toBe(40e6);
    expect(
      server.requests.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f]{32,}/, '…')}`),
    ).toEqual([
      'GET /users/<key>/overall_quotas',
      'GET /files/…',
      'GET /files/upload_url',
      'POST /_ah/upload/…',
    ]);
    expect(Number(stdout)).toBeGreaterThan(20e6);
    expect(Number(stdout)).toBeLessThan(150e6);
  } finally {
    await server.stop();
  }
});
