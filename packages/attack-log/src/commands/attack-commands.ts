import type { Command } from '@ihandler/core';
import { createSummaryCommand } from './summary.ts';
import { createTreeCommand } from './tree.ts';
import type { AttackDatabase } from './with-reader.ts';

/** The commands that every database of attacks has: `tree TARGET` and `summary TARGET`. */
export function createAttackCommands(database: AttackDatabase): {
  readonly tree: Command;
  readonly summary: Command;
} {
  return { tree: createTreeCommand(database), summary: createSummaryCommand(database) };
}
