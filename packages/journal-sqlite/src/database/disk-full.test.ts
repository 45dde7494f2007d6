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

describe('a disk with little room', () => {
  let there: JournalFolder;
  beforeEach(() => {
    there = createJournalFolder();
  });
  afterEach(() => there.remove());

  it('makes the journal take nothing, say why, and go on when there is room', async () => {
    let free = 3 * 2 ** 30;
    const journal = await there.open({ minFree: '1GiB', freeBytes: () => free });
    await journal.append([incidentAt(1)]);
    free = 200 * 2 ** 20;
    await new Promise((resolve) => setTimeout(resolve, 1010));
    const error: unknown = await Promise.resolve(journal.append([incidentAt(2)])).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'JOURNAL_FULL', retryAfter: 1000 });
    expect(isIhandlerError(error) && failureKind(error)).toBe('temporary');
    const { message } = error as Error;
    for (const part of [there.folder, '200 MiB', 'minFree', '1.0 GiB', 'Make room'])
      expect(message).toContain(part);
    // Handlers go on: what they have done must be kept.
    await journal.commit({ instance: 'one', cursor: cursorAt(1), deadLetters: [], reports: [] });
    expect((await journal.cursor('one'))?.position).toBe(1);
    free = 2 ** 30;
    await new Promise((resolve) => setTimeout(resolve, 1010));
    await journal.append([incidentAt(2)]);
    expect(await idsOf(journal)).toEqual(['s:1', 's:2']);
  });

  it('is asked at most once a second', () => {
    let asked = 0;
    const check = createSpaceCheck('/there', 1, () => {
      asked += 1;
      return 2;
    });
    for (let n = 0; n < 1000; n += 1) check();
    expect(asked).toBe(1);
  });

  it('is what the file system says, and one that says nothing has room', () => {
    expect(freeBytesOf(there.folder)).toBeGreaterThan(0);
    expect(freeBytesOf('/there/is/none')).toBe(Number.POSITIVE_INFINITY);
  });
});
