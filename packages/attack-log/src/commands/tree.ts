import type { Command, CommandArguments, CommandContext } from '@ihandler/core';
import { formatAttack } from '../format/attack-format.ts';
import { attackJson } from '../format/attack-json.ts';
import { formatManual } from '../format/manual-format.ts';
import type { AttackFilter, AttackReader, ConnectionNode } from '../read/attack.ts';
import { filterOf, invalid, quotedArgument, targetOf, textOption } from './command-arguments.ts';
import { type AttackDatabase, commonOptions, NO_MATCH, styleFor, withReader } from './with-reader.ts';

type Format = (attack: ConnectionNode, first: boolean) => string;

/** The exit code of an interrupted command. */
const INTERRUPTED = 130;

function formatOf(options: CommandArguments['options'], context: CommandContext): Format {
  if (options['json'] === true) return (attack) => `${attackJson(attack)}\n`;
  const format = textOption(options, 'format') ?? 'default';
  if (format === 'manual') return formatManual;
  if (format !== 'default')
    throw invalid(
      `--format expects default or manual, such as --format manual; found ${quotedArgument(format)}.`,
    );
  const style = styleFor(context, options['utc'] === true);
  return (attack, first) => `${first ? '' : '\n'}${formatAttack(attack, style)}`;
}

async function writeAttacks(
  reader: AttackReader,
  filter: AttackFilter,
  format: Format,
  { terminal, signal }: CommandContext,
): Promise<number> {
  let first = true;
  for await (const attack of reader.attacks(filter)) {
    if (signal.aborted) return INTERRUPTED;
    await terminal.write(format(attack, first));
    first = false;
  }
  if (!first) return 0;
  terminal.warn(Object.keys(filter).length === 0 ? 'The database does not contain attacks yet.' : NO_MATCH);
  return 1;
}

/** `tree TARGET`: shows attacks as trees. */
export function createTreeCommand(database: AttackDatabase): Command {
  return {
    name: 'tree',
    summary: 'Show attacks as trees of connections',
    usage: 'TARGET [--since DATE] [--remote-host ADDRESS] [--connection N]',
    options: {
      format: {
        type: 'string',
        value: 'FORMAT',
        help: 'Output format: default, or manual (as dionaea’s manual prints trees)',
      },
      connection: {
        type: 'string',
        short: 'n',
        value: 'N',
        help: 'Only the attack that connection N is part of',
      },
      since: { type: 'string', value: 'DATE', help: 'Only attacks since a date, or of the last 24h, 7d, …' },
      until: { type: 'string', value: 'DATE', help: 'Only attacks before a date' },
      'remote-host': { type: 'string', value: 'ADDRESS', help: 'Only attacks from this address' },
      sensor: commonOptions.sensor,
      limit: { type: 'string', value: 'N', help: 'At most N attacks, the newest' },
      utc: commonOptions.utc,
      json: commonOptions.json,
    },
    examples: [
      ['ihandler tree dionaea.sqlite --limit 5', 'Show the five newest attacks'],
      ['ihandler tree dionaea.sqlite --since 24h --remote-host 192.0.2.7', 'Show what one address did today'],
      [
        'ihandler tree dionaea.sqlite --connection 610 --format manual',
        'Show one attack as dionaea prints it',
      ],
    ],
    accepts: database.accepts,
    async run(args, context) {
      const target = targetOf(args, 'tree');
      const filter = filterOf(args.options, context.now());
      const format = formatOf(args.options, context);
      return withReader(database, target, (reader) => writeAttacks(reader, filter, format, context));
    },
  };
}
