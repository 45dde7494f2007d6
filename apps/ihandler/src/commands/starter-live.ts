import type { Offer } from '../host/discovery/contributions.ts';
import { comment, optionLines, scalar, sentence } from './starter-options.ts';

/** One line of YAML as a comment. */
function asComment(line: string): string {
  return line === '' ? '#' : `# ${line}`;
}

function sourceLines({ name, spec }: Offer<'sources'>): readonly string[] {
  const options = optionLines(name, spec.options, '      ');
  const isGiven = options.some((line) => !line.trimStart().startsWith('#'));
  return [
    comment(sentence(spec.summary), '  '),
    `  - name: ${scalar(name)}`,
    ...(options.length === 0 ? [] : [`    ${isGiven ? '' : '# '}config:`, ...options]),
  ];
}

/** What `ihandler run` needs, as comments: live sources, the journal, health and metrics. */
export function starterLive(
  sources: readonly Offer<'sources'>[],
  journals: readonly Offer<'journals'>[],
): readonly string[] {
  const live = sources.filter(({ spec }) => spec.live);
  const names = [...journals.map(({ name }) => name), 'memory'];
  const installed =
    journals.length === 0 ? 'No durable one is installed here: npm install @ihandler/journal-sqlite' : '';
  return [
    '# Where incidents come from when this runs beside a live sensor: ihandler run -c FILE',
    ...(live.length === 0
      ? ['# No live source is installed here: npm search keywords:ihandler', '# sources:']
      : ['sources:', ...live.flatMap(sourceLines)].map(asComment)),
    '',
    '# Keeps what came in until every ihandler has had it, whatever crashes: in the data folder, when nothing',
    `# else is said. One of: ${names.join(', ')} (which a crash empties). ${installed}`.trimEnd(),
    `# journal: ${scalar(names[0])}`,
    '',
    '# Where a running program tells how it is (GET /health) and counts (GET /metrics); off: nowhere.',
    '# health: { host: "127.0.0.1", port: 9464 }',
  ];
}
