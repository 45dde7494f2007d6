import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** An uploaded file, without its bytes. */
export interface Upload {
  readonly filename: string;
  readonly size: number;
  readonly sha256: string;
  readonly sha1: string;
  readonly md5: string;
}

/** Reads a form with one file in the field `file`, as a stream. Returns the problem as text when the form is invalid. */
export async function readUpload(request: IncomingMessage): Promise<Upload | string> {
  const boundary = /^multipart\/form-data; ?boundary="?([^";]+)"?$/.exec(
    request.headers['content-type'] ?? '',
  )?.[1];
  const hashes = { sha256: createHash('sha256'), sha1: createHash('sha1'), md5: createHash('md5') };
  let head: string | undefined;
  let held = Buffer.alloc(0);
  let size = 0;
  const ending = Buffer.from(`\r\n--${boundary}--\r\n`);
  for await (const chunk of request) {
    held = Buffer.concat([held, chunk as Buffer]);
    if (head === undefined) {
      const end = held.indexOf('\r\n\r\n');
      if (end === -1) continue;
      head = held.subarray(0, end).toString('utf8');
      held = held.subarray(end + 4);
    }
    const content = held.subarray(0, Math.max(0, held.length - ending.length));
    for (const hash of Object.values(hashes)) hash.update(content);
    size += content.length;
    held = held.subarray(content.length);
  }
  if (boundary === undefined) return 'no multipart form';
  if (head === undefined || !held.equals(ending)) return 'the form is not complete';
  if (/filename\*/i.test(head)) return 'filename* is not supported';
  const [, filename] =
    /^--[^\r]+\r\ncontent-disposition: form-data; name="file"; filename="([^"]*)"/i.exec(head) ?? [];
  if (filename === undefined || !/^[\x20-\x7e]+$/.test(filename)) return 'expected a file with an ASCII name';
  return {
    filename,
    size,
    sha256: hashes.sha256.digest('hex'),
    sha1: hashes.sha1.digest('hex'),
    md5: hashes.md5.digest('hex'),
  };
}
