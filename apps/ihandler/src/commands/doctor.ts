import { escapeControls, escapeJson, type Terminal } from '@ihandler/core';
import { diagnose, type Finding } from '@ihandler/host';
import { type BuiltIn, configOption } from '../app.ts';
import { namedHost } from '../configured-host.ts';
import { exitCodes } from '../exit-code.ts';
import { wrapText } from '../terminal/wrap-text.ts';

/** The width of the column of severities, in characters. */
const SEVERITY_WIDTH = 9;

function findingLine({ severity, about, found, advice }: Finding, { columns }: Terminal): string {
  const sentences = [`${about}: ${found}`, ...(advice === undefined ? [] : [`Fix: ${advice}`])];
  const text = sentences.map((sentence) => `${sentence.replace(/\.$/, '')}.`).join(' ');
  return wrapText(escapeControls(`${severity.padEnd(SEVERITY_WIDTH)}${text}`), SEVERITY_WIDTH, columns);
}

/** `doctor`: finds current and upcoming problems, with their fixes. */
export const doctorCommand: BuiltIn = {
  name: 'doctor',
  summary: 'Diagnose current and upcoming problems, with fixes',
  usage: '[[-c] FILE.yaml] [--json]',
  options: {
    config: configOption,
    json: { type: 'boolean', help: 'Print the findings as one JSON object' },
  },
  examples: [['ihandler doctor -c my.yaml', 'silent sources, clocks, disks, unreadable files, dead letters']],
  async run(args, app) {
    const { terminal } = app;
    const findings = await diagnose(await namedHost('doctor', args, app));
    const isWell = findings.every(({ severity }) => severity === 'note');
    const lines = findings.map((finding) => findingLine(finding, terminal));
    await terminal.write(
      args.options['json'] === true
        ? `${escapeJson(JSON.stringify({ findings }))}\n`
        : `${[...lines, ...(isWell ? ['No problems found.'] : [])].join('\n')}\n`,
    );
    return isWell ? exitCodes.ok : exitCodes.partly;
  },
};
