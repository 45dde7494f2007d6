import { createAttackCommands } from '@ihandler/attack-log';
import type { Command } from '@ihandler/core';
import { isPostgresUrl } from '../database/login.ts';
import { openAttackReader } from '../read/reader.ts';

/** The commands of this package, for PostgreSQL databases: `tree` and `summary`. */
export const commands: Readonly<Record<string, Command>> = createAttackCommands({
  accepts: isPostgresUrl,
  open: openAttackReader,
});
