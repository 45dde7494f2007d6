import { createHash } from 'node:crypto';
import { isGone, openSample } from '@ihandler/core/kit';

/** A file that passed the upload rules. */
export interface UploadFile {
  readonly sha256: string;
  readonly md5: string;
  readonly size: number;
  /** Its bytes. Throws before the last ones if the file changed after it was hashed. */
  bytes(): AsyncIterable<Uint8Array>;
}

/** The rules for an upload. */
export interface UploadRules {
  /** The file must be in one of these folders, links resolved. */
  readonly sampleFolders: readonly string[];
  /** In bytes. */
  readonly maxUpload: number;
}

/** The reason why a file is not uploaded. The message becomes part of the verdict and contains no path; `cause` is for the log. */
export class NotUploaded extends Error {
  override readonly name = 'NotUploaded';
}

const CHUNK = 64 * 1024;

/** Reads a file in pieces, each into the result of `makeBuffer`. */
async function* readAll(
  path: string,
  folders: readonly string[],
  makeBuffer: () => Buffer,
): AsyncIterable<Uint8Array> {
  const sample = await openSample(path, folders);
  try {
    let total = 0;
    for (;;) {
      const buffer = makeBuffer();
      const bytes = await sample.read(buffer);
      if (bytes === 0) break;
      total += bytes;
      yield buffer.subarray(0, bytes);
    }
    await sample.assertUnchanged(total);
  } finally {
    await sample.close();
  }
}

/**
 * Rotates through buffers. A socket holds a buffer until it is sent, and a buffer is reused only after 2 MB more were
 * accepted. New buffers would become garbage faster than it is collected.
 */
function rotatingBuffers(): () => Buffer {
  const buffers = Array.from({ length: 32 }, () => Buffer.allocUnsafe(CHUNK));
  let turn = 0;
  return () => {
    turn = (turn + 1) % buffers.length;
    return buffers[turn] ?? Buffer.allocUnsafe(CHUNK);
  };
}

/** Passes bytes on, and the last chunk only when the hash of all of them is right. */
async function* verified(bytes: AsyncIterable<Uint8Array>, sha256: string): AsyncIterable<Uint8Array> {
  const hash = createHash('sha256');
  let last: Uint8Array | undefined;
  for await (const chunk of bytes) {
    if (last !== undefined) yield last;
    hash.update(chunk);
    last = chunk;
  }
  if (hash.digest('hex') !== sha256) throw new Error('the file changed while it was sent');
  if (last !== undefined) yield last;
}

async function sizeOf(path: string, { sampleFolders, maxUpload }: UploadRules): Promise<number> {
  const sample = await openSample(path, sampleFolders);
  await sample.close();
  if (sample.size === 0) throw new NotUploaded('the file is empty');
  if (sample.size > maxUpload) throw new NotUploaded(`the file is larger than ${maxUpload} bytes`);
  return sample.size;
}

/**
 * Checks a file before its upload: it must be a regular file in an allowed folder, not too large, and have the reported
 * hashes. Throws {@link NotUploaded}. Leaves nothing open.
 */
export async function openUpload(
  path: string,
  expected: { readonly sha256: string | null; readonly md5: string | null },
  rules: UploadRules,
): Promise<UploadFile> {
  try {
    const size = await sizeOf(path, rules);
    const [sha256, md5] = [createHash('sha256'), createHash('md5')];
    const buffer = Buffer.allocUnsafe(CHUNK);
    for await (const chunk of readAll(path, rules.sampleFolders, () => buffer)) {
      sha256.update(chunk);
      md5.update(chunk);
    }
    const hashes = { sha256: sha256.digest('hex'), md5: md5.digest('hex') };
    for (const kind of ['sha256', 'md5'] as const)
      if (expected[kind] !== null && expected[kind] !== hashes[kind])
        throw new NotUploaded('the file has another hash than the captured one');
    return {
      ...hashes,
      size,
      bytes: () => verified(readAll(path, rules.sampleFolders, rotatingBuffers()), hashes.sha256),
    };
  } catch (error) {
    if (error instanceof NotUploaded) throw error;
    const reason = isGone(error) ? 'the file no longer exists' : 'the file is not readable';
    throw new NotUploaded(reason, { cause: error });
  }
}
