import { join } from 'node:path';
import { describeHandler } from '@ihandler/testkit';
import Database from 'better-sqlite3';
import { it } from 'vitest';
import virustotal from './index.ts';

/** A local port without a listener: lookups fail, and the backlog is kept. */
const url = 'http://127.0.0.1:9/api/v3';
const fileIn = (folder: string) => join(folder, 'virustotal.sqlite');

describeHandler(it, (folder) => virustotal({ apiKey: 'k'.repeat(64), url, file: fileIn(folder) }), {
  stored(folder) {
    const database = new Database(fileIn(folder), { readonly: true });
    try {
      return database.prepare('SELECT sha256, md5, class FROM samples ORDER BY sample').all();
    } finally {
      database.close();
    }
  },
});
