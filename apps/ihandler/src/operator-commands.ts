import type { BuiltIn } from './app.ts';
import { deadLettersCommand } from './dead-letters-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { forgetCommand } from './forget-command.ts';
import { journalCommand } from './journal-command.ts';
import { replayCommand } from './replay-command.ts';

/** The commands for who keeps a program running. */
export const operatorCommands: readonly BuiltIn[] = [
  doctorCommand,
  deadLettersCommand,
  replayCommand,
  forgetCommand,
  journalCommand,
];
