import { type Contribution, describeHandler, optionsOf, requiredOptions } from '@ihandler/host';
import { starterLive } from './starter-live.ts';
import { comment, entryLine, exampleFor, requiredLines, scalar, sentence } from './starter-options.ts';

/** Whether a handler can run as the configuration is written: it stays on this machine, and its options have a starting value. */
function canRun({ name, spec }: Contribution<'handlers'>): boolean {
  const schemas = new Map(optionsOf(spec.options));
  return (
    !spec.network &&
    requiredOptions(spec.options).every(
      (option) => exampleFor(name, option, schemas.get(option) ?? {}) !== undefined,
    )
  );
}

function enabledLines({ name, spec }: Contribution<'handlers'>): readonly string[] {
  const required = requiredLines(name, spec.options);
  return [
    comment(sentence(spec.summary), '  '),
    `  - name: ${scalar(name)}`,
    ...(required.length === 0 ? [] : ['    config:', ...required.map((line) => `      ${line}`)]),
  ];
}

function disabledLines(handler: Contribution<'handlers'>): readonly string[] {
  const { outbound } = describeHandler(handler);
  const about = handler.spec.network
    ? `${outbound.charAt(0).toUpperCase()}${outbound.slice(1)}`
    : handler.spec.summary;
  return [comment(sentence(about), '  '), `  # ${entryLine(handler.name, handler.spec.options)}`];
}

/** The contributions of the installed packages, for a starter configuration. */
export interface StarterContributions {
  readonly handlers: readonly Contribution<'handlers'>[];
  readonly sources: readonly Contribution<'sources'>[];
  readonly journals: readonly Contribution<'journals'>[];
}

/**
 * A short commented configuration for the installed packages. Handlers that use the network or need an option are disabled.
 * It runs as it is; `ihandler list --options NAME` shows the other options.
 */
export function starterConfiguration({ handlers, sources, journals }: StarterContributions): string {
  const disabled = handlers.filter((handler) => !canRun(handler));
  return `${[
    `# The configuration of ihandler. Relative paths start at the folder of this file. \${NAME} and \${NAME:-DEFAULT}`,
    '# are replaced by environment variables. To validate it: ihandler check -c FILE',
    '# All options of a handler, source or journal: ihandler list --options NAME',
    '',
    '# sensor: honeypot-1 # the name of this sensor, in every incident that has none',
    '# data: /var/lib/ihandler # the data folder',
    '# log: { levels: "error,warn", domains: "*" } # what the log shows on standard error',
    '# include: [conf.d/*.yaml] # more configuration files, also those of a sensor',
    '',
    ...starterLive(sources, journals),
    '',
    '# Handlers. Each may also have: as, from, only, except, ignore, protocols, mask.',
    'ihandlers:',
    ...(handlers.length > 0
      ? handlers.filter(canRun).flatMap(enabledLines)
      : ['  # No handler is installed here. To find one: npm search keywords:ihandler']),
    ...(disabled.length > 0
      ? [
          '  # Disabled: these use the network, or need an option (marked "…").',
          ...disabled.flatMap(disabledLines),
        ]
      : []),
  ].join('\n')}\n`;
}
