import type { Command } from '@ihandler/core';
import { samples } from './samples.ts';

/** What this package adds to the program: `samples`. */
export const commands: Readonly<Record<string, Command>> = { samples };
