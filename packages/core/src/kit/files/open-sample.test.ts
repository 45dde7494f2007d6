import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { failureKind } from '../../contract/failure-kind.ts';
import { isGone, openSample } from './open-sample.ts';

/** An action between the check of a path and its opening. */
const meanwhile = vi.hoisted(() => ({ act: (): void => undefined }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return {
    ...real,
    open(...parts: Parameters<typeof real.open>) {
      meanwhile.act();
      return real.open(...parts);
    },
  };
});

function folders() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ihandler-sample-')));
  onTestFinished(() => {
    meanwhile.act = () => undefined;
    rmSync(root, { recursive: true, force: true });
  });
  const [allowed, outside] = [join(root, 'allowed'), join(root, 'outside')];
  for (const folder of [allowed, outside, join(allowed, 'sub')]) mkdirSync(folder);
  writeFileSync(join(allowed, 'sub', 'sample'), 'sample');
  writeFileSync(join(outside, 'sample'), 'secret');
  return { allowed, outside, sample: join(allowed, 'sub', 'sample') };
}

async function rejection(path: string, allowed: string): Promise<string> {
  const error: unknown = await openSample(path, [allowed]).then(
    (sample) => sample.close(),
    (reason: unknown) => reason,
  );
  expect(failureKind(error)).toBe('permanent');
  return error instanceof Error ? error.message : '';
}

it('openSample opens a file in an allowed folder and reads it to its end', async () => {
  const { allowed, sample } = folders();
  const opened = await openSample(sample, [allowed]);
  const buffer = Buffer.alloc(100);
  expect([opened.size, await opened.read(buffer), await opened.read(Buffer.alloc(1))]).toEqual([6, 6, 0]);
  expect(buffer.toString('utf8', 0, 6)).toBe('sample');
  await opened.assertUnchanged(6);
  await opened.close();
});

it.runIf(process.platform === 'linux')(
  'openSample rejects a file whose folder is replaced by a link while it is opened',
  async () => {
    const { allowed, outside, sample } = folders();
    meanwhile.act = () => {
      renameSync(join(allowed, 'sub'), join(allowed, 'aside'));
      symlinkSync(outside, join(allowed, 'sub'));
    };
    expect(await rejection(sample, allowed)).toMatch(/moved while it was opened/);
  },
);

it('openSample does not follow a link that replaces the file while it is opened', async () => {
  const { allowed, outside, sample } = folders();
  meanwhile.act = () => {
    rmSync(sample);
    symlinkSync(join(outside, 'sample'), sample);
  };
  expect(await rejection(sample, allowed)).toMatch(/it is a symbolic link/);
});

it('isGone recognises a missing file, and not one that is not allowed', async () => {
  const { allowed, outside } = folders();
  const reasonFor = (path: string) => openSample(path, [allowed]).catch((error: unknown) => error);
  expect(isGone(await reasonFor(join(allowed, 'gone')))).toBe(true);
  expect(isGone(await reasonFor(join(outside, 'sample')))).toBe(false);
});

it('opens a relative path in the allowed folder that ends in the same way, and no other', async () => {
  const { allowed, outside } = folders();
  for (const path of ['allowed/sub/sample', './sub/sample', 'sample']) {
    const sample = await openSample(path, [outside.replace(/outside$/, 'none'), `${allowed}/sub`]);
    expect(sample.size).toBe(6);
    await sample.close();
  }
  expect(await rejection('owed/sub/sample', `${allowed}/sub`)).toMatch(/expected an absolute path/);
  expect(await rejection('sub/../../outside/sample', `${allowed}/sub`)).toMatch(/expected an absolute path/);
});

it('opens a file whose wrong path ends in a hash of its content in the allowed folder that has it, and no other', async () => {
  const { allowed, outside } = folders();
  const hash = '0123456789abcdef0123456789abcdef';
  writeFileSync(join(allowed, hash), 'sample');
  await (await openSample(`/wrong/folder/${hash}`, [join(allowed, 'sub'), allowed])).close();
  await (await openSample(join(outside, hash), [allowed])).close();
  writeFileSync(join(outside, hash), 'another');
  expect(await rejection(join(outside, hash), allowed)).toMatch(/outside the allowed folders/);
  expect(await rejection('/wrong/folder/sample', join(allowed, 'sub'))).toMatch(/does not exist/);
  expect(await rejection(`/wrong/../${hash}`, allowed)).toMatch(/does not exist|outside/);
});
