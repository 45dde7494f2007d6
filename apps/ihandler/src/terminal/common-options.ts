import type { CommandOption } from '@ihandler/core';

/** Options of every command. */
export const commonOptions: Readonly<Record<string, CommandOption>> = {
  color: { type: 'boolean', help: 'Use colour even without a terminal' },
  'no-color': { type: 'boolean', help: 'Do not use colour' },
  'log-levels': {
    type: 'string',
    short: 'l',
    value: 'LEVELS',
    help: 'Log levels to show (default: error,warn)',
  },
  'log-domains': {
    type: 'string',
    short: 'L',
    value: 'DOMAINS',
    help: 'Names whose log to show, as globs (default: *)',
  },
  debug: { type: 'boolean', help: 'Show every log level, and stack traces of errors' },
};
