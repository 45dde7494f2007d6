import type { Incident, Level } from '@ihandler/core';
import { fieldsText, headValue, textValue, valueText } from './field-text.ts';
import type { LineFormat } from './formats.ts';
import { utcTime } from './time-text.ts';

type Piece = (incident: Incident, level: Level) => string;

const placeholders: Readonly<Record<string, Piece>> = {
  timestamp: ({ timestamp }) => utcTime(timestamp),
  sensor: ({ sensor }) => headValue(sensor),
  origin: ({ origin }) => headValue(origin),
  level: (_, level) => level,
  id: ({ id }) => textValue(id),
  data: ({ data }) => fieldsText('', data),
};

function lookUp(data: unknown, keys: readonly string[]): unknown {
  let value = data;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    // Safe: the object has this key.
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}

function pieceFor(name: string): Piece | undefined {
  if (Object.hasOwn(placeholders, name)) return placeholders[name];
  const path = /^data\.(.+)$/u.exec(name)?.[1];
  if (path === undefined) return undefined;
  const keys = path.split('.');
  return ({ data }) => {
    const value = lookUp(data, keys);
    return value === undefined ? '-' : valueText(path, value);
  };
}

/**
 * Compiles a user's template: `{timestamp}`, `{sensor}`, `{origin}`, `{level}`, `{id}`, `{data}` (all fields) and
 * `{data.a.b}` (one value, `-` when it is missing); `{{` and `}}` are braces. Returns the problem when the template is
 * invalid.
 */
export function compileTemplate(template: string): LineFormat | { readonly problem: string } {
  const pieces: (string | Piece)[] = [];
  const known = [...Object.keys(placeholders), 'data.url'].map((name) => `{${name}}`).join(', ');
  for (const [token, name] of template.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/gu)) {
    if (name !== undefined) {
      const piece = pieceFor(name);
      if (piece === undefined)
        return { problem: `expected placeholders such as ${known}, not ${JSON.stringify(token)}` };
      pieces.push(piece);
    } else if (token === '{' || token === '}')
      return { problem: `expected "{" and "}" in pairs; write "${token}${token}" for a brace` };
    else pieces.push(token === '{{' || token === '}}' ? token.charAt(0) : token);
  }
  return (incident, level) =>
    pieces.map((piece) => (typeof piece === 'string' ? piece : piece(incident, level))).join('');
}
