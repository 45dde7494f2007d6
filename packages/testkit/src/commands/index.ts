import type { Command } from '@ihandler/core';
import { originsCommand } from './origins.ts';

/** The commands that this package contributes: `origins`. */
export const commands: Readonly<Record<string, Command>> = { origins: originsCommand };
