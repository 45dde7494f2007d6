import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mountFindings } from './check-file.ts';
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

  it('finds a real bind mount in the mountinfo of its namespace, where this user may mount', ({ skip }) => {
    const folder = temporaryFolder();
    const [host, mounted] = [join(folder, 'host.json'), join(folder, 'in the container.json')];
    for (const file of [host, mounted]) writeFileSync(file, '');
    const script = 'mount --bind "$1" "$2" && cat /proc/self/mountinfo';
    const { status, stdout } = spawnSync('unshare', ['-m', 'sh', '-c', script, 'sh', host, mounted], {
      encoding: 'utf8',
    });
    if (status !== 0) skip('this user may not mount (unshare -m, mount --bind)');
    expect(mountFindings(mounted, stdout)).toMatchObject([{ advice: expect.stringContaining(folder) }]);
    expect(mountFindings(host, stdout)).toEqual([]);
  });
});
