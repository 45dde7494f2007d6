import { type DeadLetter, encodeIncident, escapeControls, type Terminal } from '@ihandler/core';
import { bold } from '../terminal/terminal.ts';
import { fold } from '../terminal/wrap-text.ts';

/** `2026-11-25 22:14:03`, local. */
export function localTime(time: number): string {
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `1 dead letter`, `2,000 dead letters`. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}

/** A dead letter as a line of JSON, in the form of the files that `import` keeps, with its position. */
export function letterAsJson({ incident, ...letter }: DeadLetter): string {
  return `{"deadLetter":${JSON.stringify(letter)},"incident":${encodeIncident(incident)}}`;
}

function remoteOf({ incident: { data } }: DeadLetter): string {
  const connection: unknown = data['connection'] ?? data['child'];
  const remote: unknown =
    typeof connection === 'object' ? Reflect.get(connection ?? {}, 'remote') : undefined;
  const host: unknown = typeof remote === 'object' ? Reflect.get(remote ?? {}, 'host') : undefined;
  return typeof host === 'string' ? `  ${host}` : '';
}

/** A dead letter in a list: what it is, and below it why. `width` is that of the widest position. */
export function letterLines(letter: DeadLetter, width: number, { columns }: Terminal): string {
  const { position, at, incident, reason, attempts } = letter;
  const indent = width + 4;
  const head = `  ${String(position).padStart(width)}  ${localTime(at)}  ${incident.origin}${remoteOf(letter)}`;
  const why = `${' '.repeat(indent)}${reason} (${counted(attempts, 'attempt')})`;
  return `${[head, why].map((line) => fold(escapeControls(line), indent, columns)).join('\n')}\n`;
}

/** A dead letter with all that is known of it. */
export function letterInFull(letter: DeadLetter, terminal: Terminal): string {
  const { instance, position, at, attempts, reason, incident } = letter;
  const facts = [
    ['given up', `${localTime(at)} by ${instance}, after ${counted(attempts, 'attempt')}`],
    ['reason', reason],
    ['incident', incident.id],
    ['happened', `${localTime(incident.timestamp)} at ${incident.sensor}`],
  ];
  const json = JSON.stringify(JSON.parse(encodeIncident(incident)), undefined, 2);
  const lines = [
    bold(escapeControls(`${incident.origin}, position ${position}`), terminal),
    ...facts.map(([name = '', value]) =>
      fold(escapeControls(`  ${name.padEnd(9)} ${value}`), 12, terminal.columns),
    ),
    ...json.split('\n').map(escapeControls),
  ];
  return `${lines.join('\n')}\n`;
}
