import { escapeControls } from '@ihandler/core';

const unprintable = /[\p{C}\p{Z}\\]/gu;
const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

function escaped(character: string): string {
  const known = short[character];
  if (known !== undefined) return known;
  if (character === ' ') return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/** A string as Python's `repr` writes it. */
export function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(unprintable, escaped);
  return quote + (quote === "'" ? body.replaceAll("'", "\\'") : body) + quote;
}

/** A JSON number as Python's `repr` writes it. An integer keeps its digits, however long it is. */
function pythonNumber(token: string): string {
  if (/^-?\d+$/.test(token)) return token === '-0' ? '0' : token;
  const value = Number(token);
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16))
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  const plain = Object.is(value, -0) ? '-0' : String(value);
  return plain.includes('.') ? plain : `${plain}.0`;
}

const words: Readonly<Record<string, string>> = {
  true: 'True',
  false: 'False',
  null: 'None',
  ',': ', ',
  ':': ': ',
};
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[^\s"[\]{},:]+|[[\]{},:]|\s+/gs;

/**
 * The `repr` of the value that Python's `json.loads` returns for a text. Text that is not JSON is returned with its control
 * characters escaped. Converts token by token without building the value, so the order of keys and any depth survive.
 */
export function pythonRepr(json: string): string {
  try {
    JSON.parse(json);
  } catch {
    return escapeControls(json);
  }
  return json.replace(tokens, (token) => {
    if (token.trim() === '') return '';
    if (token.startsWith('"')) return pythonString(JSON.parse(token) as string);
    return words[token] ?? (/^[-\d]/.test(token) ? pythonNumber(token) : token);
  });
}
