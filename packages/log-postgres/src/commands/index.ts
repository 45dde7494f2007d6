import { createAttackCommands } from '@ihandler/attack-log';
import type { Command } from '@ihandler/core';
import { isPostgresUrl } from '../database/login.ts';
import { openAttackReader } from '../read/reader.ts';

/** What this package adds to the program: `tree` and `summary` of a PostgreSQL database. */
export const commands: Readonly<Record<string, Command>> = createAttackCommands({
  accepts: isPostgresUrl,
  open: openAttackReader,
});
