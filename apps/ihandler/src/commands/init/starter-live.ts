import type { Contribution } from '@ihandler/host';
import { comment, optionLines, scalar, sentence } from './starter-options.ts';

/** One line of YAML as a comment. */
function asComment(line: string): string {
  return line === '' ? '#' : `# ${line}`;
}

function sourceLines({ name, spec }: Contribution<'sources'>): readonly string[] {
  const options = optionLines(name, spec.options, '      ');
  const isGiven = options.some((line) => !line.trimStart().startsWith('#'));
  return [
    comment(sentence(spec.summary), '  '),
    `  - name: ${scalar(name)}`,
    ...(options.length === 0 ? [] : [`    ${isGiven ? '' : '# '}config:`, ...options]),
  ];
}

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
    '# Live sources, for: ihandler run -c FILE',
    ...(live.length === 0
      ? ['# No live source is installed here. To find one: npm search keywords:ihandler', '# sources:']
      : ['sources:', ...live.flatMap(sourceLines)].map(asComment)),
    '',
    '# The journal stores incidents until every handler has processed them. By default it is in the data folder.',
    `# One of: ${names.join(', ')} (memory loses pending incidents in a crash).${install}`,
    `# journal: ${scalar(names[0])}`,
    '',
    '# The address of GET /health and GET /metrics; off disables them.',
    '# health: { host: "127.0.0.1", port: 9464 }',
  ];
}
