import type { ConnectionNode } from '../read/attack.ts';
import { walk } from '../read/walk.ts';
import { decode } from '../rows/cells.ts';

function replace(this: Readonly<Record<string, unknown>>, key: string, given: unknown): unknown {
  // `given` is a list of numbers for a Buffer, because of its own toJSON.
  const value = this[key] instanceof Uint8Array ? decode(this[key]) : given;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return value instanceof Map ? Object.fromEntries(value) : value;
}

/**
 * JSON on one line, in ASCII, so that a terminal cannot interpret any of it as a control sequence. Bytes become text, and
 * integers beyond the range of a JavaScript number become a text of digits.
 */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value, replace).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** An attack as one JSON document: the columns of a connection, its details by table, then `children`. */
export function attackJson(attack: ConnectionNode): string {
  // JSON.stringify overflows the stack on a hostile chain of connections, so the nesting is written here.
  const parts: string[] = [];
  let first = true;
  for (const { kind, node } of walk(attack)) {
    if (kind === 'leave') parts.push(']}');
    else {
      const own = asciiJson({ ...node.row, ...node.details });
      parts.push(`${first ? '' : ','}${own.slice(0, -1)},"children":[`);
    }
    first = kind === 'enter';
  }
  return parts.join('');
}
