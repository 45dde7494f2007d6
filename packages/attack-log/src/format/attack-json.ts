import type { ConnectionNode } from '../read/attack.ts';
import { walk } from '../read/walk.ts';
import { decode } from '../rows/cells.ts';

function replace(this: Readonly<Record<string, unknown>>, key: string, given: unknown): unknown {
  // A Buffer turns itself into a list of numbers before it is given here.
  const value = this[key] instanceof Uint8Array ? decode(this[key]) : given;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return value instanceof Map ? Object.fromEntries(value) : value;
}

/**
 * JSON on one line, in ASCII, so that no terminal takes anything in it for a command. Bytes become text, integers that a
 * JavaScript number cannot hold become their digits.
 */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value, replace).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** An attack as one JSON document: a connection's columns, then what hangs on it by table, then `children`. */
export function attackJson(attack: ConnectionNode): string {
  // Put together step by step: JSON.stringify cannot go as deep as a hostile chain of connections.
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
