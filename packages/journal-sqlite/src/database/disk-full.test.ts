import { failureKind, isIhandlerError } from '@ihandler/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createJournalFolder,
  cursorAt,
  idsOf,
  incidentAt,
  type JournalFolder,
} from '../testing/journal-folder.ts';
import { createSpaceCheck, freeBytesOf } from './disk-space.ts';

describe('journal-sqlite on a disk with little free space', () => {
  let there: JournalFolder;
  beforeEach(() => {
    there = createJournalFolder();
  });
  afterEach(() => there.remove());

  it('rejects incidents with the reason, and accepts them when there is space', async () => {
    let free = 3 * 2 ** 30;
    const journal = await there.open({ minFree: '1GiB', freeBytes: () => free });
    await journal.append([incidentAt(1)]);
    free = 200 * 2 ** 20;
    await new Promise((resolve) => setTimeout(resolve, 1010));
    const error: unknown = await Promise.resolve(journal.append([incidentAt(2)])).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'JOURNAL_FULL', retryAfter: 1000 });
    expect(isIhandlerError(error) && failureKind(error)).toBe('temporary');
    const { message } = error as Error;
    for (const part of [there.folder, '200 MiB', 'minFree', '(1 GiB)', 'Free disk space'])
      expect(message).toContain(part);
    // Handlers continue, so their progress must be stored.
    await journal.commit({ instance: 'one', cursor: cursorAt(1), deadLetters: [], reports: [] });
    expect((await journal.cursor('one'))?.position).toBe(1);
    free = 2 ** 30;
    await new Promise((resolve) => setTimeout(resolve, 1010));
    await journal.append([incidentAt(2)]);
    expect(await idsOf(journal)).toEqual(['s:1', 's:2']);
  });

  it('asks for the free space at most once a second', () => {
    let calls = 0;
    const check = createSpaceCheck('/there', 1, () => {
      calls += 1;
      return 2;
    });
    for (let n = 0; n < 1000; n += 1) check();
    expect(calls).toBe(1);
  });

  it('asks the file system for the free space, and assumes enough if it does not say', () => {
    expect(freeBytesOf(there.folder)).toBeGreaterThan(0);
    expect(freeBytesOf('/there/is/none')).toBe(Number.POSITIVE_INFINITY);
  });
});
