import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { describeError } from '@ihandler/core';
import { readWholeFile } from '@ihandler/core/kit';
import { unreadable } from '../diagnosis/explain-permission.ts';

/** A larger file is not a configuration; a device may be endless. */
const LIMIT = 4 * 2 ** 20;

/** Reads up to the limit of anything that a user names, such as the pipe of `-c <(…)`. */
function bytesOf(file: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let size = 0; size <= LIMIT; ) {
      const chunk = Buffer.alloc(65_536);
      const read = readSync(descriptor, chunk);
      if (read === 0) break;
      chunks.push(chunk.subarray(0, read));
      size += read;
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(descriptor);
  }
}

function whyUnreadable(file: string, error: unknown): string {
  const denied = unreadable(file);
  if (denied !== undefined) return `cannot be read: ${denied.found}. To fix it, ${denied.advice}`;
  const why = describeError(error).replace(`: ${file}`, '');
  return existsSync(file)
    ? `cannot be read: ${why}. Name a file of text`
    : `cannot be read: ${why}. Check the path; \`ihandler init\` writes a configuration`;
}

/**
 * The text of a configuration file, or why it has none that could be a configuration. Throws nothing. Only the file that the
 * user names may be a pipe: a file that another one names (`isIncluded`) is a regular one.
 */
export function readText(
  file: string,
  isIncluded: boolean,
): { readonly text: string } | { readonly problem: string } {
  if (file.includes('\0')) return { problem: 'cannot be read: its name contains a NUL character' };
  let bytes: Buffer;
  try {
    bytes = isIncluded ? readWholeFile(file, LIMIT) : bytesOf(file);
  } catch (error) {
    return { problem: whyUnreadable(file, error) };
  }
  if (bytes.length > LIMIT) return { problem: 'is not a configuration: it is larger than 4 MiB' };
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return { problem: 'is UTF-16 text: save it as UTF-8' };
  if (bytes.includes(0)) return { problem: 'is not a text file: expected a configuration in YAML' };
  return { text: bytes.toString('utf8').replace(/^\ufeff/, '') };
}
