import type { Contribution } from '@ihandler/host';
import { comment, entryLine, scalar, sentence } from './starter-options.ts';

/** The settings that only `ihandler run` needs, commented out: live sources, the journal, health and metrics. */
export function starterLive(
  sources: readonly Contribution<'sources'>[],
  journals: readonly Contribution<'journals'>[],
): readonly string[] {
  const live = sources.filter(({ spec }) => spec.live);
  const names = [...journals.map(({ name }) => name), 'memory'];
  const install =
    journals.length === 0 ? ' No durable journal is installed: npm search keywords:ihandler-journal' : '';
  return [
    '# Live sources, for: ihandler run -c FILE. Remove the "# " before "sources:" and before an entry.',
    ...(live.length === 0
      ? ['# No live source is installed here. To find one: npm search keywords:ihandler', '# sources:']
      : [
          '# sources:',
          ...live.flatMap(({ name, spec }) => [
            comment(`  # ${sentence(spec.summary)}`, ''),
            `#   ${entryLine(name, spec.options)}`,
          ]),
        ]),
    '',
    '# The journal stores incidents until every handler has processed them. By default it is in the data folder.',
    `# One of: ${names.join(', ')} (memory loses pending incidents in a crash).${install}`,
    `# journal: ${scalar(names[0])}`,
    '# health: { host: "127.0.0.1", port: 9464 } # GET /health and GET /metrics; off disables them',
  ];
}
