import type { Offer } from '../host/discovery/contributions.ts';
import { whatItNeeds } from '../host/discovery/default-handlers.ts';
import { optionsOf, requiredOptions } from '../host/discovery/option-schema.ts';
import { whatLeaves } from '../host/discovery/outbound-data.ts';
import { starterLive } from './starter-live.ts';
import { comment, exampleFor, optionLines, scalar, sentence } from './starter-options.ts';

function entryLines(offer: Offer<'handlers'>): readonly string[] {
  const { name, spec } = offer;
  const about = comment(`${sentence(spec.summary)} What it means for you: ${whatLeaves(offer)}.`, '  ');
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
  const why = comment(`It does not run yet: ${whatItNeeds(offer)}.`, '  ');
  return [about, why, ...lines.map((line) => line.replace(/^ {2}/, '  # '))];
}

/** What is installed, for a configuration to begin with. */
export interface StarterOffers {
  readonly handlers: readonly Offer<'handlers'>[];
  readonly sources: readonly Offer<'sources'>[];
  readonly journals: readonly Offer<'journals'>[];
}

/** A configuration with comments for what is installed: those handlers run that need nobody's consent. */
export function starterConfiguration({ handlers, sources, journals }: StarterOffers): string {
  const entries = handlers.map((offer) => entryLines(offer).join('\n'));
  return `${[
    `# What ihandler runs. Relative paths start at the folder of this file; \${NAME} and \${NAME:-DEFAULT}`,
    '# stand for variables of the environment. What is wrong with it is told by: ihandler check -c FILE',
    '',
    '# The name of this sensor, in every incident that does not say.',
    '# sensor: honeypot-1',
    '',
    '# Where the program keeps its state.',
    '# data: /var/lib/ihandler',
    '',
    "# What the program's own log shows, on standard error.",
    '# log: { levels: "error,critical,warning", domains: "*" }',
    '',
    '# More files, such as those of dionaea.',
    '# include: [/opt/dionaea/etc/dionaea/ihandlers-enabled/*.yaml]',
    '',
    ...starterLive(sources, journals),
    '',
    '# Each may also have: as, from, only, except, ignore, protocols.',
    'ihandlers:',
    ...(entries.length > 0 ? entries : ['  # No ihandler is installed here: npm search keywords:ihandler']),
  ].join('\n')}\n`;
}
