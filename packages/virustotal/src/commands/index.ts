import type { Command } from '@ihandler/core';
import { virustotalCommand } from './virustotal.ts';

/** The commands that this package contributes: `virustotal`. */
export const commands: Readonly<Record<string, Command>> = { virustotal: virustotalCommand };
