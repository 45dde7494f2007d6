import { resolve } from 'node:path';
import { createAttackCommands } from '@ihandler/attack-log';
import type { Command } from '@ihandler/core';
import { acceptsTarget } from '../read/accepts-target.ts';
import { openAttackReader } from '../read/reader.ts';
import { backup } from './backup.ts';

/** The commands of this package, for SQLite databases: `tree`, `summary` and `backup`. */
export const commands: Readonly<Record<string, Command>> = {
  ...createAttackCommands({
    accepts: acceptsTarget,
    open: (target, waiting) => openAttackReader(resolve(target), waiting),
  }),
  backup,
};
