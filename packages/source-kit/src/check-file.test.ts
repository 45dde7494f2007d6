import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { leftMountProblem, mountFindings } from './check-file.ts';
import { temporaryFolder } from './testing/folder.ts';

describe('the check of a followed file', () => {
  const mounts = (point: string) =>
    `22 1 8:1 / / rw - ext4 /dev/sda1 rw\n31 22 8:1 /var/x.json ${point} rw,relatime shared:1 - ext4 /dev/sda1 rw\n`;

  it('finds a bind mount of the file itself, and names the folder to mount', () => {
    expect(mountFindings('/data/my file.json', mounts('/data/my\\040file.json'))).toEqual([
      {
        found: expect.stringContaining('mounted as a single file'),
        advice: expect.stringContaining('/data '),
      },
    ]);
    expect(mountFindings('/data/a.json', mounts('/data'))).toEqual([]);
    expect(mountFindings('/data/a.json', '')).toEqual([]);
    expect(mountFindings(join(temporaryFolder(), 'a.json'))).toEqual([]);
  });

  it('tells while following that a mounted file was renamed or deleted outside', () => {
    const left = (root: string) =>
      leftMountProblem('/a.json', `31 22 8:1 ${root} /a.json rw - ext4 /dev/sda1 rw\n`);
    expect(left('/var/a.json')).toBeUndefined();
    expect(left('/var/other.json')).toBeUndefined();
    expect(leftMountProblem('/b.json', '')).toBeUndefined();
    expect(left('/var/a.json.1')).toContain('renamed to a.json.1');
    expect(left('/var/other.json//deleted')).toContain('deleted or replaced');
  });

  it('sees a real bind mount and its rotation in the mountinfo of its namespace, where this user may mount', ({
    skip,
  }) => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'container'));
    const [host, mounted] = [join(folder, 'x.json'), join(folder, 'container/x.json')];
    for (const file of [host, mounted]) writeFileSync(file, '');
    const show = 'cat /proc/self/mountinfo; echo =';
    const script = `mount --bind "$1" "$2" && ${show}; mv "$1" "$1.1"; ${show}; rm "$1.1"; ${show}`;
    const { stdout = '' } = spawnSync('unshare', ['-rm', 'sh', '-c', script, 'sh', host, mounted], {
      encoding: 'utf8',
    });
    const [before = '', renamed = '', deleted = ''] = stdout.split('=\n');
    if (!before.includes(mounted)) skip('this user may not mount (unshare -rm, mount --bind)');
    expect(mountFindings(mounted, before)).toMatchObject([
      { advice: expect.stringContaining(join(folder, 'container')) },
    ]);
    expect(mountFindings(host, before)).toEqual([]);
    expect(leftMountProblem(mounted, before)).toBeUndefined();
    expect(leftMountProblem(mounted, renamed)).toContain('renamed to x.json.1');
    expect(leftMountProblem(mounted, deleted)).toContain('deleted or replaced');
  });
});
