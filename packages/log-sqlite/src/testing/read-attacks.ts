import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttackFilter, ConnectionNode } from '@ihandler/attack-log';
import { recording } from '@ihandler/test-support/recordings';
import Database from 'better-sqlite3';
import { openAttackReader } from '../read/reader.ts';
import { temporaryFolder } from './start-handler.ts';

/** The path of a database that dionaea wrote. */
export const recorded = recording('dionaea-a/log_sqlite.sqlite');

/** The attacks of a database that a filter selects. */
export async function attacksIn(file: string, filter?: AttackFilter): Promise<ConnectionNode[]> {
  const reader = await openAttackReader(file);
  const attacks: ConnectionNode[] = [];
  for await (const attack of reader.attacks(filter)) attacks.push(attack);
  await reader.close();
  return attacks;
}

/** A forest as numbers: a connection, with its children in brackets. */
export function shape(attacks: readonly ConnectionNode[]): string {
  return attacks
    .map(({ row, children }) => `${row['connection']}${children.length > 0 ? `(${shape(children)})` : ''}`)
    .join(' ');
}

/** A copy of a database that dionaea wrote, changed by some SQL. */
export function dionaeaDatabase(sql = ''): string {
  const file = join(temporaryFolder(), 'dionaea.sqlite');
  copyFileSync(recorded, file);
  const database = new Database(file);
  database.exec(sql);
  database.close();
  return file;
}
