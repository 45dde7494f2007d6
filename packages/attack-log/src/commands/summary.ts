import type { Command } from '@ihandler/core';
import { asciiJson } from '../format/attack-json.ts';
import { formatSummary } from '../format/summary-format.ts';
import { targetOf, textOption } from './command-arguments.ts';
import { type AttackDatabase, commonOptions, NO_MATCH, styleFor, withReader } from './with-reader.ts';

/** `summary TARGET`: summarizes a database in ten lines. */
export function createSummaryCommand(database: AttackDatabase): Command {
  return {
    name: 'summary',
    summary: 'Summarize a database in ten lines',
    usage: 'TARGET [--sensor NAME]',
    options: commonOptions,
    examples: [
      ['ihandler summary dionaea.sqlite', 'Count attacks, sources and logins; list the most frequent values'],
    ],
    accepts: database.accepts,
    async run(args, context) {
      const target = targetOf(args, 'summary');
      const { options } = args;
      const sensor = textOption(options, 'sensor');
      return withReader(database, target, context, async (reader) => {
        const summary = await reader.summary(sensor === undefined ? {} : { sensor });
        if (sensor !== undefined && summary.connections === 0) {
          context.terminal.warn(NO_MATCH);
          return 1;
        }
        await context.terminal.write(
          options['json'] === true
            ? `${asciiJson(summary)}\n`
            : formatSummary(summary, styleFor(context, options['utc'] === true)),
        );
        return 0;
      });
    },
  };
}
