import { harmful } from './escape-controls.ts';

function escapeUnits(character: string): string {
  // White space between the values of indented JSON: within a string, JSON escapes it already.
  if (character === '\n' || character === '\r' || character === '\t') return character;
  // A character beyond the basic plane, such as a tag, is two code units in JSON.
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
}

/**
 * JSON that is safe to show on a terminal: control, format and bidirectional characters, line separators and lone surrogates
 * become `\uXXXX`. The result parses to the same value. Every command passes its `--json` output through here.
 */
export function escapeJson(json: string): string {
  return json.replace(harmful, escapeUnits);
}
