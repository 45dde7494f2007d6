import type { Command, CommandArguments, CommandContext } from '@ihandler/core';
import { formatAttack } from '../format/attack-format.ts';
import { attackJson } from '../format/attack-json.ts';
import { formatManual } from '../format/manual-format.ts';
import type { AttackFilter, AttackReader, ConnectionNode } from '../read/attack.ts';
import { filterOf, invalid, quotedArgument, targetOf, textOption } from './command-arguments.ts';
import {
  type AttackDatabase,
  commonOptions,
  INTERRUPTED,
  NO_MATCH,
  styleFor,
  withReader,
} from './with-reader.ts';

type Format = (attack: ConnectionNode, first: boolean) => string;

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

/** How many attacks a terminal shows unless the user asks for more. */
const ON_A_TERMINAL = 50;

/** The attacks that match, oldest first: on a terminal the newest of them, with a hint if there are more. */
async function* attacksToShow(
  reader: AttackReader,
  filter: AttackFilter,
  { terminal, signal }: CommandContext,
): AsyncGenerator<ConnectionNode> {
  const { limit, ...unlimited } = filter;
  if (terminal.columns === undefined || limit !== undefined || filter.connection !== undefined) {
    yield* reader.attacks(limit === Number.POSITIVE_INFINITY ? unlimited : filter);
    return;
  }
  // One more than it shows, to know whether there are more. That one, the oldest, comes first.
  const newest: ConnectionNode[] = [];
  for await (const attack of reader.attacks({ ...filter, limit: ON_A_TERMINAL + 1 })) {
    if (signal.aborted) break;
    newest.push(attack);
  }
  yield* newest.slice(-ON_A_TERMINAL);
  if (newest.length > ON_A_TERMINAL && !signal.aborted)
    terminal.warn(
      `\nThese are the newest ${ON_A_TERMINAL} attacks. To see more, use --limit ${10 * ON_A_TERMINAL}, --limit all, or a pipe.`,
    );
}

async function writeAttacks(
  reader: AttackReader,
  filter: AttackFilter,
  format: Format,
  context: CommandContext,
): Promise<number> {
  const { terminal, signal } = context;
  let first = true;
  for await (const attack of attacksToShow(reader, filter, context)) {
    if (signal.aborted) return INTERRUPTED;
    await terminal.write(format(attack, first));
    first = false;
  }
  if (signal.aborted) return INTERRUPTED;
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
      limit: {
        type: 'string',
        value: 'N',
        help: `Only the N newest attacks, or all (default: ${ON_A_TERMINAL} on a terminal, else all)`,
      },
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
      return withReader(database, target, context, (reader) => writeAttacks(reader, filter, format, context));
    },
  };
}
