import { createHash } from 'node:crypto';
import { isGone, openSample } from '@ihandler/core/kit';

/** A file that may be uploaded. */
export interface UploadFile {
  readonly sha256: string;
  readonly md5: string;
  readonly size: number;
  /** Its bytes; ends with an error before the last ones if they are not those whose hash was taken. */
  bytes(): AsyncIterable<Uint8Array>;
}

/** What must be true of a file before it is uploaded. */
export interface UploadRules {
  /** It must lie in one of these, links followed. */
  readonly folders: readonly string[];
  /** In bytes. */
  readonly maxUpload: number;
}

/** Says why a file is not uploaded. The message has no path in it: it goes into the verdict; `cause` is for the log. */
export class NotUploaded extends Error {
  override readonly name = 'NotUploaded';
}

const CHUNK = 64 * 1024;

/** Reads a file into a buffer, again and again; `makeBuffer` gives one for each piece. */
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
 * Buffers in turn. A socket keeps what it was given until it is sent, and takes no more before: each is used again only
 * when 2 MB after it were taken. A new buffer for each piece would be garbage faster than it is collected.
 */
function ring(): () => Buffer {
  const buffers = Array.from({ length: 32 }, () => Buffer.allocUnsafe(CHUNK));
  let turn = 0;
  return () => {
    turn = (turn + 1) % buffers.length;
    return buffers[turn] ?? Buffer.allocUnsafe(CHUNK);
  };
}

/** Passes on bytes, all but the last chunk before it is sure that they are the right ones. */
async function* checked(bytes: AsyncIterable<Uint8Array>, sha256: string): AsyncIterable<Uint8Array> {
  const hash = createHash('sha256');
  let held: Uint8Array | undefined;
  for await (const chunk of bytes) {
    if (held !== undefined) yield held;
    hash.update(chunk);
    held = chunk;
  }
  if (hash.digest('hex') !== sha256) throw new Error('the file changed while it was sent');
  if (held !== undefined) yield held;
}

async function sizeOf(path: string, { folders, maxUpload }: UploadRules): Promise<number> {
  const sample = await openSample(path, folders);
  await sample.close();
  if (sample.size === 0) throw new NotUploaded('the file is empty');
  if (sample.size > maxUpload) throw new NotUploaded(`the file is larger than ${maxUpload} bytes`);
  return sample.size;
}

/**
 * Looks at a file that is to be uploaded: it must lie in an allowed folder, be an ordinary file of a size that is taken,
 * and have the hashes that were told of it. Throws {@link NotUploaded}. Nothing stays open.
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
    for await (const chunk of readAll(path, rules.folders, () => buffer)) {
      sha256.update(chunk);
      md5.update(chunk);
    }
    const found = { sha256: sha256.digest('hex'), md5: md5.digest('hex') };
    for (const kind of ['sha256', 'md5'] as const)
      if (expected[kind] !== null && expected[kind] !== found[kind])
        throw new NotUploaded('the file is not the one that was captured: its hash is another');
    return { ...found, size, bytes: () => checked(readAll(path, rules.folders, ring()), found.sha256) };
  } catch (error) {
    if (error instanceof NotUploaded) throw error;
    const reason = isGone(error)
      ? 'the file was gone before its turn'
      : 'the file may not, or cannot, be read';
    throw new NotUploaded(reason, { cause: error });
  }
}
