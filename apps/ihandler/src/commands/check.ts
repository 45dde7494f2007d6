import { escapeControls } from '@ihandler/core';
import type { CheckReport } from '@ihandler/host';
import { type BuiltIn, configOption } from '../app.ts';
import { namedHost } from '../configured-host.ts';
import { exitCodes } from '../exit-code.ts';
import { wrapText } from '../terminal/wrap-text.ts';

function sourceLine({ instance, listensOn, reads }: CheckReport['sources'][number]): string {
  const does = [
    ...(listensOn.length > 0 ? [`listens on ${listensOn.join(', ')}`] : []),
    ...(reads.length > 0 ? [`reads ${reads.join(', ')}`] : []),
  ];
  return `  source ${instance}: ${does.join('; ') || 'is live'}`;
}

function handlerLine(handler: CheckReport['handlers'][number]): string {
  const { outbound, destinations, mask, isIsolated } = handler;
  const instance = `${handler.instance}${isIsolated ? ' (isolated)' : ''}`;
  if (outbound === undefined)
    return `  ${instance}: a local file, which does not declare the data that it sends`;
  const to = destinations.length > 0 ? `, to ${destinations.join(', ')}` : '';
  const masked =
    mask === 'facts'
      ? '; facts only, nothing that attackers wrote'
      : "; the sensor's address is masked, except in encodings such as Base64 (mask: facts)";
  return `  ${instance}: ${outbound}${to}${mask === false ? '' : masked}`;
}

function reportLines(report: CheckReport, file: string | undefined): readonly string[] {
  const { pid, data, journal, sources, health, handlers, warnings } = report;
  return [
    `${file ?? 'The default configuration'} is valid.`,
    ...(pid === undefined ? [] : [`  process ${pid} runs here: its ports were not checked`]),
    `  data: ${data}`,
    ...(journal === undefined
      ? []
      : [`  journal: ${journal.name}${journal.file === undefined ? '' : ` ${journal.file}`}`]),
    ...sources.map(sourceLine),
    ...(health === undefined ? [] : [`  health and metrics: ${health}`]),
    ...handlers.map(handlerLine),
    ...(handlers.length === 0 ? ['  no handlers'] : []),
    ...warnings.map(
      ({ about, found, advice }) =>
        `  warning: ${about}: ${found}${advice === undefined ? '' : `. Fix: ${advice}`}`,
    ),
  ];
}

/** `check`: reports every problem of a configuration at once; starts and changes nothing. */
export const checkCommand: BuiltIn = {
  name: 'check',
  summary: 'Validate a configuration and list the data it sends off this machine',
  usage: '[[-c] FILE.yaml]',
  options: { config: configOption },
  examples: [['ihandler check -c my.yaml', 'also opens its files, folders and ports']],
  async run(args, app) {
    const host = await namedHost('check', args, app);
    const lines = reportLines(await host.check(), host.configuration.file);
    await app.terminal.write(
      `${lines.map((line) => wrapText(escapeControls(line), 4, app.terminal.columns)).join('\n')}\n`,
    );
    return exitCodes.ok;
  },
};
