import type { BuiltIn } from '../app.ts';
import { deadLettersCommand } from './dead-letters.ts';
import { doctorCommand } from './doctor.ts';
import { forgetCommand } from './forget.ts';
import { journalCommand } from './journal.ts';
import { replayCommand } from './replay.ts';

/** The commands for who keeps a program running. */
export const operatorCommands: readonly BuiltIn[] = [
  doctorCommand,
  deadLettersCommand,
  replayCommand,
  forgetCommand,
  journalCommand,
];
