import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { until } from '@ihandler/testkit';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/folder.ts';
import { followWorld, incidentLine as line, incidentLines as lines } from '../testing/follow-world.ts';
import dionaeaFollow from './source.ts';

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Replaces the file by another one with this text. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}~tmp`, text);
  renameSync(`${file}~tmp`, file);
}

describe('dionaea-follow when the head of the file is trimmed', () => {
  it.each([
    ['by a new file', replace],
    ['in place', writeFileSync],
  ])('continues after the last line that was read: %s, running', async (_how, rewrite) => {
    const { file, host, follow, arrive, rest } = followWorld();
    writeFileSync(file, lines(1, 20));
    const { stop } = follow();
    await arrive(...numbers(1, 20));
    rewrite(file, lines(11, 20));
    await rest();
    appendFileSync(file, lines(21, 23));
    await arrive(...numbers(1, 23));
    rewrite(file, lines(15, 23));
    await rest();
    rewrite(file, lines(18, 24));
    await arrive(...numbers(1, 24));
    await stop();
    expect(host.messages).toEqual([]);
  });

  it.each([
    ['by a new file', replace],
    ['in place', writeFileSync],
  ])('continues after the last line that was read: %s, stopped', async (_how, rewrite) => {
    const { file, host, follow, arrive, beside } = followWorld();
    writeFileSync(file, lines(1, 20));
    const { stop } = follow();
    await arrive(...numbers(1, 20));
    await stop();
    rewrite(file, lines(11, 22));
    const again = follow();
    await arrive(...numbers(1, 22));
    await again.stop();
    rewrite(file, lines(20, 24));
    renameSync(file, beside('incident.json.1'));
    writeFileSync(file, line(25));
    const last = follow();
    await arrive(...numbers(1, 25));
    await last.stop();
    expect(host.messages).toEqual([]);
  });

  it('continues when some lines in the middle were removed', async () => {
    const { file, follow, arrive } = followWorld();
    writeFileSync(file, lines(1, 9));
    const { stop } = follow();
    await arrive(...numbers(1, 9));
    replace(file, lines(1, 3) + lines(7, 10));
    await arrive(...numbers(1, 10));
    await stop();
  });

  it('logs what it did when nothing shows which lines are new', async () => {
    const { file, host, follow, arrive } = followWorld();
    writeFileSync(file, lines(1, 3));
    const { stop } = follow();
    await arrive(1, 2, 3);
    replace(file, line(1, 'x') + line(4));
    await arrive(1, 2, 3, '1x', 4);
    await stop();
    expect(host.messages).toContain(
      'cannot tell which lines of the file were read before: reading all; some may be stored twice',
    );
  });
});

describe('dionaea-follow with files beside the log', () => {
  it('reads no extract, whatever its name, when the file rotates', async () => {
    const { file, host, follow, arrive, beside, rest } = followWorld();
    writeFileSync(file, lines(1, 20));
    const { stop } = follow();
    await arrive(...numbers(1, 20));
    writeFileSync(beside('incident-tail.json'), lines(5, 20));
    writeFileSync(beside('incident.grep.json'), lines(7, 9));
    writeFileSync(beside('incident.json.7'), lines(3, 8));
    writeFileSync(beside('incident.json.8'), lines(4, 20));
    await rest();
    renameSync(file, beside('incident.json.1'));
    await rest();
    appendFileSync(beside('incident.json.1'), line(21));
    await arrive(...numbers(1, 21));
    writeFileSync(file, line(22));
    await arrive(...numbers(1, 22));
    writeFileSync(beside('incident-20261122.json.gz'), gzipSync(lines(2, 21)));
    renameSync(file, beside('incident.json.2'));
    writeFileSync(file, line(23));
    await arrive(...numbers(1, 23));
    await stop();
    await follow().stop();
    await arrive(...numbers(1, 23));
    expect(host.messages).toEqual([]);
  });

  it('reads an archive of several parts only after the last line that was read', async () => {
    const { file, host, follow, arrive, beside } = followWorld();
    writeFileSync(file, lines(1, 5));
    const { stop } = follow();
    await arrive(...numbers(1, 5));
    await stop();
    writeFileSync(beside('incident-202611.json'), lines(3, 8));
    unlinkSync(file);
    writeFileSync(file, line(9));
    const again = follow();
    await arrive(...numbers(1, 9));
    await again.stop();
    expect(host.messages).toEqual([]);
  });
});

describe('dionaea-follow when parts are elsewhere', () => {
  it('looks beside the target of a symbolic link', async () => {
    const { folder, file, follow, arrive } = followWorld();
    const real = join(folder, 'real');
    mkdirSync(real);
    writeFileSync(join(real, 'log.json'), line(1));
    symlinkSync(join('real', 'log.json'), file);
    const { stop } = follow();
    await arrive(1);
    await stop();
    appendFileSync(join(real, 'log.json'), line(2));
    renameSync(join(real, 'log.json'), join(real, 'log.json.2'));
    writeFileSync(join(real, 'log.json.1'), line(3));
    writeFileSync(join(real, 'log.json'), line(4));
    const again = follow();
    await arrive(1, 2, 3, 4);
    renameSync(join(real, 'log.json'), join(real, 'log.json.0'));
    appendFileSync(join(real, 'log.json.0'), line(5));
    writeFileSync(join(real, 'log.json'), line(6));
    await arrive(1, 2, 3, 4, 5, 6);
    await again.stop();
  });

  it('follows a link that is set to files with dates in their names', async () => {
    const { file, follow, arrive, beside } = followWorld();
    writeFileSync(beside('pot-20261122.json'), line(1));
    symlinkSync('pot-20261122.json', file);
    const { stop } = follow();
    await arrive(1);
    await stop();
    appendFileSync(beside('pot-20261122.json'), line(2));
    writeFileSync(beside('pot-20261123.json'), line(3));
    unlinkSync(file);
    symlinkSync('pot-20261124.json', file);
    writeFileSync(beside('pot-20261124.json'), line(4));
    const again = follow();
    await arrive(1, 2, 3, 4);
    await again.stop();
  });

  it.each(['old/incident.json.1', 'elsewhere/incident.json-20261122', 'my-copy.txt'])(
    'finds the rest of a part as %s',
    async (name) => {
      const { file, host, follow, arrive, beside } = followWorld();
      for (const folder of ['old', 'elsewhere']) mkdirSync(beside(folder));
      writeFileSync(file, line(1));
      const { stop } = follow();
      await arrive(1);
      await stop();
      appendFileSync(file, line(2));
      copyFileSync(file, beside(name));
      unlinkSync(file);
      writeFileSync(file, line(3));
      const again = follow();
      await arrive(1, 2, 3);
      await again.stop();
      expect(host.messages).toEqual([]);
    },
  );

  it('finds parts in a distant folder that is set as rotatedTo, running and stopped', async () => {
    const { file, host, follow, arrive } = followWorld();
    const rotatedTo = join(temporaryFolder(), 'far');
    mkdirSync(rotatedTo);
    const move = (name: string) => {
      copyFileSync(file, join(rotatedTo, name));
      unlinkSync(file);
    };
    writeFileSync(file, line(1));
    const { stop } = follow({ rotatedTo });
    await arrive(1);
    await stop();
    appendFileSync(file, line(2));
    move('incident.json-20261122');
    writeFileSync(file, line(3));
    move('incident.json-20261123');
    writeFileSync(file, line(4));
    const again = follow({ rotatedTo });
    await arrive(1, 2, 3, 4);
    appendFileSync(file, line(5));
    move('anything.txt');
    writeFileSync(file, line(6));
    await arrive(1, 2, 3, 4, 5, 6);
    await again.stop();
    expect(host.messages).toEqual([]);
  });

  it('says which folder it searched when a part is not in the one that is set', async () => {
    const { file, host, follow, arrive } = followWorld();
    const rotatedTo = join(temporaryFolder(), 'missing');
    writeFileSync(file, line(1));
    const { stop } = follow({ rotatedTo });
    await arrive(1);
    await stop();
    unlinkSync(file);
    writeFileSync(file, line(3));
    const again = follow({ rotatedTo });
    await arrive(1, 3);
    await again.stop();
    expect(host.messages).toEqual([
      expect.stringContaining(`nor in ${rotatedTo} ("rotatedTo" of this source)`),
    ]);
    expect(await dionaeaFollow({ file, rotatedTo }).check?.()).toEqual([
      { found: expect.stringContaining(rotatedTo), advice: expect.stringContaining('"rotatedTo"') },
    ]);
  });

  it.each([
    ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
    ['bz2', [0x42, 0x5a, 0x68]],
  ])('names a part that it cannot unpack, and the command that can: .%s', async (extension, magic) => {
    const { file, host, follow, arrive, beside } = followWorld();
    writeFileSync(file, line(1));
    const { stop } = follow();
    await arrive(1);
    await stop();
    unlinkSync(file);
    writeFileSync(beside(`incident.json.1.${extension}`), Buffer.from([...magic, 1, 2, 3]));
    writeFileSync(file, line(3));
    const again = follow();
    await arrive(1, 3);
    await again.stop();
    expect(host.messages).toEqual(['cannot read a rotated part: unpack it, then import the unpacked file']);
  });

  it('reads files that differ in more than a rotation makes not at all', async () => {
    const { file, follow, arrive, beside, rest } = followWorld();
    writeFileSync(file, line(1));
    const { stop } = follow();
    await arrive(1);
    writeFileSync(beside('incident.json.txt'), line(2));
    writeFileSync(beside('incident-new.json'), line(3));
    writeFileSync(beside('incidents-20261122.json'), line(4));
    renameSync(file, beside('incident.json.1'));
    writeFileSync(file, line(5));
    await arrive(1, 5);
    await rest();
    await stop();
    await arrive(1, 5);
  });
});

describe('dionaea-follow with NUL bytes', () => {
  it('follows a file that a truncation under its writer has filled with NUL bytes', async () => {
    const { file, host, follow, arrive } = followWorld();
    writeFileSync(file, line(1));
    const { stop } = follow();
    await arrive(1);
    const nulls = Buffer.alloc(3_000_000);
    writeFileSync(file, Buffer.concat([nulls, Buffer.from(lines(2, 3))]));
    await arrive(1, 2, 3);
    await stop();
    await until(() => host.rejects.length === 1, 'the damage was reported');
    expect(host.rejects).toMatchObject([{ offset: 0, length: nulls.length }]);
    expect(readFileSync(file).length).toBeGreaterThan(nulls.length);
  });
});
