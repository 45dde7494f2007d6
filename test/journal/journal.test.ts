import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryJournal } from '@ihandler/core';
import journalSqlite from '@ihandler/journal-sqlite';
import { afterAll } from 'vitest';
import { describeDurability } from '../support/journal/durability-suite.ts';
import { describeJournalProperty } from '../support/journal/journal-property.ts';
import { describeJournal } from '../support/journal/journal-suite.ts';
import { describeUpkeep } from '../support/journal/upkeep-suite.ts';

const root = mkdtempSync(join(tmpdir(), 'ihandler-journal-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

function newFolder(): string {
  folders += 1;
  const folder = join(root, String(folders));
  mkdirSync(folder);
  return folder;
}

/** A crash leaves the files as they are: another journal opens a copy of them, which was made while the first is open. */
async function createSqlite(now: () => number = Date.now) {
  let folder = newFolder();
  return {
    journal: journalSqlite({ file: join(folder, 'journal.sqlite'), minFree: '0MB', now }),
    async reopen() {
      const left = folder;
      folder = newFolder();
      // The shared memory and the pid file do not survive a crash of the machine.
      const files = readdirSync(left).filter((name) => !/-shm$|\.lock$|\.pid$/.test(name));
      for (const name of files) cpSync(join(left, name), join(folder, name));
      return journalSqlite({ file: join(folder, 'journal.sqlite'), minFree: '0MB', now });
    },
  };
}

const createMemory = async (now: () => number = Date.now) => ({ journal: createMemoryJournal({ now }) });

describeJournal('createMemoryJournal', () => createMemory());
describeUpkeep('createMemoryJournal', createMemory);
describeJournalProperty('createMemoryJournal', () => createMemory());
describeJournal('journalSqlite', () => createSqlite());
describeUpkeep('journalSqlite', createSqlite);
describeJournalProperty('journalSqlite', () => createSqlite());
describeDurability('journalSqlite', () => createSqlite());
