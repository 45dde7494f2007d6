import type { Connection, UntypedData } from '@ihandler/core';
import { formats, type LineFormat } from '../formats.ts';
import { compileTemplate } from '../template.ts';
import { incidentOf } from './numbered.ts';

/** An ordinary connection. */
export const connection: Connection = {
  id: 'c0ffee',
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: '10.0.0.1', port: 445 },
  remote: { host: '198.51.100.7', port: 2010, hostname: '' },
};

/** The pattern that the reference suggests for dionaea's text log. */
export const suggested =
  /^\[(\d{8} \d\d:\d\d:\d\d)\] (\S+)(?: (\S+:\d+))?-(error|critical|warning|message|info|debug): (.*)$/;

/** Compiles a valid template. */
export function template(text: string): LineFormat {
  const compiled = compileTemplate(text);
  if (typeof compiled !== 'function') throw new Error(compiled.problem);
  return compiled;
}

/** The fields of a line with some data. */
export function dataText(data: UntypedData): string {
  return formats.lines(incidentOf(1, 'acme.thing.seen', data), 'info').replace(/^\S+ pot \S+-info: ?/, '');
}

/** Parses fields as the README describes them and returns the original values. */
export function parseFields(text: string): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  const field =
    /((?:[\w-]+|"(?:[^"\\]|\\.)*"(?:\+\d+)?)(?:\.(?:[\w-]+|"(?:[^"\\]|\\.)*"(?:\+\d+)?))*)=([^\s"\\=]+|"(?:[^"\\]|\\.)*")(?: |$)/y;
  while (field.lastIndex < text.length) {
    const at = field.lastIndex;
    const match = field.exec(text);
    if (match === null) throw new Error(`no field at ${at} of ${text}`);
    const [, key = '', value = ''] = match;
    fields[key] = value.startsWith('"') ? unescaped(value.slice(1, -1)) : value;
  }
  return fields;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function unescaped(text: string): string {
  return text.replace(/\\(?:x([\da-f]{2})|u([\da-f]{4})|u\{([\da-f]+)\}|(.))/gu, (_, ...groups) => {
    const [byte, unit, point, other] = groups.map(String);
    const code = [byte, unit, point].find((digits) => digits !== 'undefined');
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
    return escapes[other ?? ''] ?? other ?? '';
  });
}
