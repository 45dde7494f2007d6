import { randomBytes } from 'node:crypto';
import type { UploadFile } from './open-upload.ts';

/** A multipart form with a file, as a stream of known length. */
export interface UploadForm {
  readonly headers: Readonly<Record<string, string>>;
  body(): AsyncIterable<Uint8Array>;
}

/** Creates the form of an upload: one field `file`, whose file name is the hash. */
export function createUploadForm(sample: UploadFile): UploadForm {
  const boundary = `ihandler-${randomBytes(18).toString('hex')}`;
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${sample.sha256}"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n',
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  return {
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(head.length + sample.size + tail.length),
    },
    async *body() {
      yield head;
      yield* sample.bytes();
      yield tail;
    },
  };
}
