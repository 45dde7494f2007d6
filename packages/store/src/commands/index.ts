import type { Command } from '@ihandler/core';
import { samples } from './samples.ts';

/** The commands that this package contributes: `samples`. */
export const commands: Readonly<Record<string, Command>> = { samples };
