import { join } from 'node:path';
import { TABLES } from '@ihandler/attack-log';
import { describeHandler } from '@ihandler/testkit';
import { it } from 'vitest';
import logSqlite from './index.ts';
import { query } from './testing/start-handler.ts';

const fileIn = (folder: string) => join(folder, 'attacks.sqlite');

describeHandler(it, (folder) => logSqlite({ file: fileIn(folder) }), {
  stored: (folder) => Object.keys(TABLES).map((table) => query(fileIn(folder), `SELECT * FROM ${table}`)),
});
