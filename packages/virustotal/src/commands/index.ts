import type { Command } from '@ihandler/core';
import { virustotalCommand } from './virustotal.ts';

/** What this package adds to the program: `virustotal`. */
export const commands: Readonly<Record<string, Command>> = { virustotal: virustotalCommand };
