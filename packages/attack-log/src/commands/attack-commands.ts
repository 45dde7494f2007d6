import {
  type Command,
  type CommandArguments,
  type CommandContext,
  type CommandOption,
  escapeControls,
  IhandlerError,
  type MaybePromise,
} from '@ihandler/core';
import { errorCode, parseTime } from '@ihandler/core/kit';
import { formatAttack } from '../format/attack-format.ts';
import { asciiJson, attackJson } from '../format/attack-json.ts';
import { formatManual } from '../format/manual-format.ts';
import { formatSummary } from '../format/summary-format.ts';
import type { AttackFilter, AttackReader, ConnectionNode } from '../read/attack.ts';

/** What a database lends to the commands that every database has. */
export interface AttackDatabase {
  /** Whether a target, as the user wrote it, is a database of this kind. */
  accepts(target: string): MaybePromise<boolean>;
  /** Opens it for reading; the command closes it. Throws `TARGET_UNREADABLE` when it cannot. */
  open(target: string): MaybePromise<AttackReader>;
}

type Options = CommandArguments['options'];

function invalid(message: string): IhandlerError {
  return new IhandlerError('OPTIONS_INVALID', message);
}

function textOption(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

function countOption(options: Options, name: string, what: string): number | undefined {
  const written = textOption(options, name);
  if (written === undefined) return undefined;
  const count = /^\d{1,15}$/.test(written) ? Number(written) : 0;
  if (count < 1)
    throw invalid(
      `--${name} expects ${what}, such as --${name} 10; found ${JSON.stringify(written.slice(0, 80))}.`,
    );
  return count;
}

function targetOf({ positionals }: CommandArguments, command: string): string {
  const [target, ...more] = positionals;
  if (target === undefined || target === '')
    throw invalid(`${command} expects a database, such as: ihandler ${command} dionaea.sqlite`);
  if (more.length > 0)
    throw invalid(
      `${command} expects one database, found ${positionals.length}: ${escapeControls(positionals.join(' ').slice(0, 200))}`,
    );
  return target;
}

function filterOf(options: Options, now: number): AttackFilter {
  const utc = options['utc'] === true;
  const time = (name: string) => {
    const written = textOption(options, name);
    return written === undefined ? undefined : parseTime(name, written, now, { utc });
  };
  const host = textOption(options, 'remote-host')?.replace(/^\[(.*)\]$/, '$1');
  if (host === '')
    throw invalid('--remote-host expects an address, such as --remote-host 192.0.2.7; found nothing.');
  const filter = {
    connection: countOption(options, 'connection', 'the number of a connection'),
    since: time('since'),
    until: time('until'),
    remoteHost: host,
    sensor: textOption(options, 'sensor'),
    limit: countOption(options, 'limit', 'how many attacks to show'),
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

type Format = (attack: ConnectionNode, first: boolean) => string;

function formatOf(options: Options, { terminal }: CommandContext): Format {
  if (options['json'] === true) return (attack) => `${attackJson(attack)}\n`;
  const format = textOption(options, 'format') ?? 'default';
  if (format === 'manual') return formatManual;
  if (format !== 'default')
    throw invalid(
      `--format expects default or manual, such as --format manual; found ${JSON.stringify(format.slice(0, 80))}.`,
    );
  const style = {
    color: terminal.color,
    utc: options['utc'] === true,
    ...(terminal.columns === undefined ? {} : { columns: terminal.columns }),
  };
  return (attack, first) => `${first ? '' : '\n'}${formatAttack(attack, style)}`;
}

/** Runs a task; that nobody reads any more, as with `| head`, is a quiet end. */
async function untilNobodyReads(task: () => Promise<number>): Promise<number> {
  try {
    return await task();
  } catch (error) {
    if (errorCode(error) === 'EPIPE') return 0;
    throw error;
  }
}

const interrupted = 130;

const NO_MATCH = 'No attack matches. Leave out an option to see more.';

async function writeAttacks(
  reader: AttackReader,
  filter: AttackFilter,
  format: Format,
  { terminal, signal }: CommandContext,
): Promise<number> {
  let first = true;
  for await (const attack of reader.attacks(filter)) {
    if (signal.aborted) return interrupted;
    await terminal.write(format(attack, first));
    first = false;
  }
  if (!first) return 0;
  terminal.warn(Object.keys(filter).length === 0 ? 'There are no attacks in it yet.' : NO_MATCH);
  return 1;
}

const utc: CommandOption = { type: 'boolean', help: 'show times in UTC, and take times as UTC' };
const sensor: CommandOption = { type: 'string', value: 'NAME', help: 'attacks on this sensor' };
const json: CommandOption = { type: 'boolean', help: 'one JSON document a line, for programs' };

/** The commands that every database of attacks has: `tree TARGET` and `summary TARGET`. */
export function createAttackCommands({ accepts, open }: AttackDatabase): {
  readonly tree: Command;
  readonly summary: Command;
} {
  const tree: Command = {
    name: 'tree',
    summary: 'show attacks as trees of connections',
    usage: 'TARGET [--since DATE] [--remote-host ADDRESS] [--connection N]',
    options: {
      format: { type: 'string', value: 'FORMAT', help: 'default, or manual: as dionaea’s manual prints it' },
      connection: { type: 'string', short: 'n', value: 'N', help: 'the attack that connection N is part of' },
      since: { type: 'string', value: 'DATE', help: 'attacks from a date on, or of the last 24h, 7d, …' },
      until: { type: 'string', value: 'DATE', help: 'attacks before a date' },
      'remote-host': { type: 'string', value: 'ADDRESS', help: 'attacks from this address' },
      sensor,
      limit: { type: 'string', value: 'N', help: 'at most N attacks, the newest' },
      utc,
      json,
    },
    examples: [
      ['ihandler tree dionaea.sqlite --limit 5', 'the five newest attacks'],
      ['ihandler tree dionaea.sqlite --since 24h --remote-host 192.0.2.7', 'what one address did today'],
      ['ihandler tree dionaea.sqlite --connection 610 --format manual', 'one attack as dionaea prints it'],
    ],
    accepts,
    async run(args, context) {
      const target = targetOf(args, 'tree');
      const filter = filterOf(args.options, context.now());
      const format = formatOf(args.options, context);
      const reader = await open(target);
      try {
        return await untilNobodyReads(() => writeAttacks(reader, filter, format, context));
      } finally {
        await reader.close();
      }
    },
  };
  const summary: Command = {
    name: 'summary',
    summary: 'say in ten lines what a database holds',
    usage: 'TARGET [--sensor NAME]',
    options: { sensor, utc, json },
    examples: [['ihandler summary dionaea.sqlite', 'first and last seen, attacks, sources, credentials, …']],
    accepts,
    async run(args, { terminal }) {
      const target = targetOf(args, 'summary');
      const style = {
        color: terminal.color,
        utc: args.options['utc'] === true,
        ...(terminal.columns === undefined ? {} : { columns: terminal.columns }),
      };
      const name = textOption(args.options, 'sensor');
      const reader = await open(target);
      try {
        return await untilNobodyReads(async () => {
          const found = await reader.summary(name === undefined ? {} : { sensor: name });
          if (name !== undefined && found.connections === 0) {
            terminal.warn(NO_MATCH);
            return 1;
          }
          await terminal.write(
            args.options['json'] === true ? `${asciiJson(found)}\n` : formatSummary(found, style),
          );
          return 0;
        });
      } finally {
        await reader.close();
      }
    },
  };
  return { tree, summary };
}
