import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createWorld } from '../testing/world.ts';

const prefix = fileURLToPath(new URL('..', import.meta.url));

/** Entries that name a file which is read whole. */
const entries: Readonly<Record<string, (file: string) => string>> = {
  include: (file) => `include: [${file}]`,
  'local handler': (file) => `ihandlers: [${file}]`,
  'nats credentials': (file) =>
    `ihandlers: [{ name: nats, config: { url: nats://127.0.0.1:1, credentials: ${file} } }]`,
  'nats ca': (file) =>
    `ihandlers: [{ name: nats, config: { url: nats://127.0.0.1:1, tls: { ca: ${file} } } }]`,
  'forward ca': (file) =>
    `ihandlers: [{ name: forward, config: { url: 'https://127.0.0.1:1', tls: { ca: ${file} } } }]`,
  'hpfeeds key': (file) =>
    `ihandlers: [{ name: hpfeeds, config: { server: '127.0.0.1', ident: a, secret: secretsecret, tls: { cert: ${file}, key: ${file} } } }]`,
  'xmpp ca': (file) =>
    `ihandlers: [{ name: xmpp, config: { url: 'xmpps://127.0.0.1:1', username: a@b, password: secretsecret, rooms: [{ room: r@rooms.b }], tls: { ca: ${file} } } }]`,
  'log-postgres ca': (file) =>
    `ihandlers: [{ name: log-postgres, config: { url: 'postgres://a:bcde@127.0.0.1:1/x?sslmode=verify-full&sslrootcert=${file}' } }]`,
  'http certificate': (file) =>
    `sources: [{ name: http, config: { port: 0, tls: { cert: ${file}, key: ${file} } } }]`,
  'followed log': (file) => `sources: [{ name: dionaea-follow, config: { file: ${file} } }]`,
};

test.each(Object.entries(entries))(
  'check ends for a device, a pipe or a folder where a file is expected: %s',
  async (_, entry) => {
    const world = createWorld();
    execFileSync('mkfifo', [join(world.folder, 'pipe')]);
    world.write('folder/x', '');
    for (const file of ['/dev/zero', join(world.folder, 'pipe'), join(world.folder, 'folder')]) {
      world.write('my.yaml', `data: data\nhealth: off\njournal: memory\n${entry(file)}\n`);
      const { code, stderr } = await world.run(['check', '-c', 'my.yaml'], { prefix });
      expect([file, code === 0 || stderr.includes(file) || stderr.includes('folder')]).toEqual([file, true]);
    }
  },
  20_000,
);

test('check names the kind of an included file that is not a regular one, and the limit', async () => {
  const world = createWorld();
  execFileSync('mkfifo', [join(world.folder, 'pipe')]);
  execFileSync('truncate', ['-s', '5M', join(world.folder, 'large.yaml')]);
  world.write('my.yaml', 'include: [/dev/zero, pipe, large.yaml]\n');
  const { code, stderr } = await world.run(['check', '-c', 'my.yaml']);
  expect(code).toBe(2);
  expect(stderr).toContain('/dev/zero cannot be read: expected a regular file; found a device');
  expect(stderr).toContain('pipe cannot be read: expected a regular file; found a pipe');
  expect(stderr).toMatch(/large\.yaml cannot be read: expected a file of at most 4(\.0)? MiB/);
});

test('init --dionaea ends for an installation whose files are pipes', async () => {
  const world = createWorld();
  world.write('opt/etc/dionaea/x', '');
  execFileSync('mkfifo', [join(world.folder, 'opt/etc/dionaea/dionaea.cfg')]);
  const { code, stderr } = await world.run(['init', '--dionaea', 'opt'], { prefix });
  expect(code).not.toBe(0);
  expect(stderr).toContain('expected a regular file; found a pipe');
});
