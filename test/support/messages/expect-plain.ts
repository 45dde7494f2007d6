import { expect } from 'vitest';

/** Texts of Node, zod, YAML and SQLite that tell a user nothing. */
const raw: readonly RegExp[] = [
  /\bE(?:ACCES|ADDR|AGAIN|AI_|BADF|CONN|DQUOT|EXIST|FBIG|HOST|INVAL|IO|ISDIR|LOOP|MFILE|NAMETOOLONG|NET|NFILE|NOENT|NOSPC|NOTDIR|NOTFOUND|PERM|PIPE|PROTO|ROFS|TIMEDOUT|XDEV)[A-Z]*\b/,
  /\b(?:ERR|SQLITE|Z|UND_ERR|CERT|DEPTH|HPE)_[A-Z_]+\b/,
  /Invalid (?:input|option)|, received |Too (?:small|big):|ZodError/,
  /Map keys must|Implicit (?:map )?keys|Flow (?:map|sequence)|Nested mappings|Missing closing|Unresolved alias|parseAllDocuments|block-seq-ind|Plain value cannot|Block scalar header/,
  /undefined error|Connection terminated|socket hang up|SSL routines|Parse Error|before secure TLS|other side closed(?!\s)/,
  /^\s+at \S.*:\d+\)?$/m,
  /\[object |\bundefined\b|\bNaN\b|Maximum call stack|TypeError|Node\.js v\d/,
];

/** Expects an output without raw texts of libraries and of the system. */
export function expectPlain(output: string): void {
  const found = raw.flatMap((pattern) => output.split('\n').filter((line) => pattern.test(line)));
  expect(found.slice(0, 5)).toEqual([]);
}
