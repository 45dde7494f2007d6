import type { Cell } from '@ihandler/attack-log';

const special = /["\\]/;
const allSpecial = /["\\]/g;

function element(value: Cell): string {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return String(value);
  return special.test(value) ? `"${value.replace(allSpecial, '\\$&')}"` : `"${value}"`;
}

/** Values as one parameter that PostgreSQL parses as an array: `{1,"a \"b\"",NULL}`. For texts see `storableText`. */
export function arrayLiteral(values: readonly Cell[]): string {
  let text = '{';
  for (let at = 0; at < values.length; at += 1) {
    if (at > 0) text += ',';
    text += element(values[at] ?? null);
  }
  return `${text}}`;
}
