import type { Command, CommandArguments, Log, Terminal } from '@ihandler/core';
import type { Secrets } from './host/configuration/secrets.ts';
import type { HostLog } from './host/running/host-log.ts';
import type { Host } from './host/world.ts';

/** What a command of the program itself works with. */
export interface App {
  readonly host: Host;
  readonly terminal: Terminal;
  readonly log: (name?: string) => Log;
  /** What {@link App.log} shows. */
  readonly hostLog: HostLog;
  readonly secrets: Secrets;
  /** Tells the user something that is no result and no problem: a line on standard error. */
  readonly note: (text: string) => void;
  /** The arguments of the program, as typed. */
  readonly argv: readonly string[];
  /** How the user calls the program. */
  readonly program: string;
}

/** A command of the program itself. */
export interface BuiltIn extends Omit<Command, 'accepts' | 'run'> {
  run(args: CommandArguments, app: App): Promise<number>;
}

/** The value of an option that takes one. */
export function text(args: CommandArguments, option: string): string | undefined {
  const value = args.options[option];
  return typeof value === 'string' ? value : undefined;
}

/** The values of an option that may be given several times. */
export function texts(args: CommandArguments, option: string): readonly string[] {
  const value = args.options[option];
  if (typeof value === 'object') return value;
  return typeof value === 'string' ? [value] : [];
}
