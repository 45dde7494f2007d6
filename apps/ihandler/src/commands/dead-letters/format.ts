import { type DeadLetter, encodeIncident, escapeControls, escapeJson, type Terminal } from '@ihandler/core';
import { formatCount, formatTime, remoteHostsOf } from '@ihandler/core/kit';
import { style } from '../../terminal/terminal.ts';
import { wrapText } from '../../terminal/wrap-text.ts';

/** A dead letter as a line of JSON, in the form of the files that `import` writes, with its position. */
export function letterAsJson({ incident, ...letter }: DeadLetter): string {
  return escapeJson(`{"deadLetter":${JSON.stringify(letter)},"incident":${encodeIncident(incident)}}`);
}

function remoteOf({ incident }: DeadLetter): string {
  const [host] = remoteHostsOf(incident);
  return host === undefined ? '' : `  ${host}`;
}

/** A dead letter in a list, with its reason below. `width` is that of the widest position. */
export function letterLines(letter: DeadLetter, width: number, { columns }: Terminal): string {
  const { position, at, incident, reason, attempts } = letter;
  const indent = width + 4;
  const head = `  ${String(position).padStart(width)}  ${formatTime(at, 'local')}  ${incident.origin}${remoteOf(letter)}`;
  const why = `${' '.repeat(indent)}${reason} (${formatCount(attempts, 'attempt')})`;
  return `${[head, why].map((line) => wrapText(escapeControls(line), indent, columns)).join('\n')}\n`;
}

/** A dead letter with all its details. */
export function letterInFull(letter: DeadLetter, terminal: Terminal): string {
  const { instance, position, at, attempts, reason, incident } = letter;
  const facts = [
    ['moved', `${formatTime(at, 'local')} by ${instance}, after ${formatCount(attempts, 'attempt')}`],
    ['reason', reason],
    ['incident', incident.id],
    ['happened', `${formatTime(incident.timestamp, 'local')} at ${incident.sensor}`],
  ];
  const json = escapeJson(JSON.stringify(JSON.parse(encodeIncident(incident)), undefined, 2));
  const lines = [
    style('bold', escapeControls(`${incident.origin}, position ${position}`), terminal),
    ...facts.map(([name = '', value]) =>
      wrapText(escapeControls(`  ${name.padEnd(9)} ${value}`), 12, terminal.columns),
    ),
    json,
  ];
  return `${lines.join('\n')}\n`;
}
