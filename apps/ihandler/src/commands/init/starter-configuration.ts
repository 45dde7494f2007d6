import { type Contribution, describeHandler, optionsOf, requiredOptions } from '@ihandler/host';
import { starterLive } from './starter-live.ts';
import { comment, exampleFor, optionLines, scalar, sentence } from './starter-options.ts';

function entryLines(handler: Contribution<'handlers'>): readonly string[] {
  const { name, spec } = handler;
  const { outbound, needs } = describeHandler(handler);
  const about = comment(`${sentence(spec.summary)} It ${outbound}.`, '  ');
  const schemas = new Map(optionsOf(spec.options));
  const unknown = requiredOptions(spec.options).filter(
    (option) => exampleFor(name, option, schemas.get(option) ?? {}) === undefined,
  );
  const options = optionLines(name, spec.options, '      ');
  const isGiven = options.some((line) => !line.trimStart().startsWith('#'));
  const entry = [
    `  - name: ${scalar(name)}`,
    `    ${isGiven || options.length === 0 ? '' : '# '}config:`,
    ...options,
  ];
  const lines = options.length === 0 ? entry.slice(0, 1) : entry;
  if (!spec.network && unknown.length === 0) return [about, ...lines];
  const why = comment(`Disabled: ${needs}.`, '  ');
  return [about, why, ...lines.map((line) => line.replace(/^ {2}/, '  # '))];
}

/** The contributions of the installed packages, for a starter configuration. */
export interface StarterContributions {
  readonly handlers: readonly Contribution<'handlers'>[];
  readonly sources: readonly Contribution<'sources'>[];
  readonly journals: readonly Contribution<'journals'>[];
}

/** A commented configuration for the installed packages; handlers that use the network or need an option are disabled. */
export function starterConfiguration({ handlers, sources, journals }: StarterContributions): string {
  const entries = handlers.map((handler) => entryLines(handler).join('\n'));
  return `${[
    `# The configuration of ihandler. Relative paths start at the folder of this file. \${NAME} and \${NAME:-DEFAULT}`,
    '# are replaced by environment variables. To validate it: ihandler check -c FILE',
    '',
    '# The name of this sensor, in every incident that has none.',
    '# sensor: honeypot-1',
    '',
    '# The data folder.',
    '# data: /var/lib/ihandler',
    '',
    '# What the log shows on standard error.',
    '# log: { levels: "error,warn", domains: "*" }',
    '',
    '# More configuration files, also those of a sensor.',
    '# include: [conf.d/*.yaml]',
    '',
    ...starterLive(sources, journals),
    '',
    '# Each may also have: as, from, only, except, ignore, protocols, mask.',
    'ihandlers:',
    ...(entries.length > 0
      ? entries
      : ['  # No handler is installed here. To find one: npm search keywords:ihandler']),
  ].join('\n')}\n`;
}
