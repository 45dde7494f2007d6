import { isAbsolute } from 'node:path';
import { describeError, type Incident, type Reject } from '@ihandler/core';
import { openText, type Text } from '../text/open-text.ts';

async function readBytes(text: Text, offset: number, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  const end = offset + length;
  let at = text.seekable ? offset : 0;
  for await (const chunk of text.chunks(at)) {
    const from = Math.max(0, offset - at);
    if (from < chunk.length) parts.push(chunk.subarray(from, end - at));
    at += chunk.length;
    if (at >= end) break;
  }
  return Buffer.concat(parts);
}

/**
 * Tries again a line that was too large to keep, by reading it where it was; gives the reason when that does not make an
 * incident of it. Files are opened only because an operator gave a rejects file to read.
 */
export async function readAgain(
  { file, offset, length }: Reject,
  maxLine: number,
  readLine: (line: string) => Incident | string,
): Promise<Incident | string> {
  if (length > maxLine) return `Expected a line of at most ${maxLine} bytes, found ${length}.`;
  if (length === 0 || !isAbsolute(file))
    return 'Expected a text, or the place of one in a file; found neither.';
  try {
    const text = await openText(file);
    try {
      if (text.live) return `Expected ${file} to be a file.`;
      const bytes = await readBytes(text, offset, length);
      if (bytes.length < length)
        return `Expected ${length} bytes at ${offset} of ${file}, found ${bytes.length}.`;
      return readLine(bytes.toString('utf8'));
    } finally {
      await text.close();
    }
  } catch (error) {
    return describeError(error);
  }
}
