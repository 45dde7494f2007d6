import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { sep } from 'node:path';

/** A file that may be uploaded, open. */
export interface OpenSample {
  readonly sha256: string;
  readonly md5: string;
  readonly size: number;
  /** Its bytes from the start; may be read once. */
  bytes(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** What must be true of a file before it is uploaded. */
export interface SampleRules {
  /** It must lie in one of these, links followed. */
  readonly folders: readonly string[];
  readonly maxUpload: number;
}

/** Says why a file is not uploaded; it may be shown, and has no path in it. */
export class NotUploaded extends Error {
  override readonly name = 'NotUploaded';
}

const CHUNK = 256 * 1024;

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

async function resolved(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw new NotUploaded(`the file cannot be reached (${codeOf(error) || 'its name is none'})`);
  }
}

async function assertAllowed(path: string, folders: readonly string[]): Promise<string> {
  const real = await resolved(path);
  if (real === undefined) throw new NotUploaded('the file was gone before its turn');
  for (const folder of folders) {
    const allowed = await resolved(folder).catch(() => undefined);
    if (allowed !== undefined && real.startsWith(allowed.endsWith(sep) ? allowed : allowed + sep))
      return real;
  }
  throw new NotUploaded('the file is in no folder that "folders" names');
}

async function* readAll(handle: FileHandle, size: number): AsyncIterable<Uint8Array> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(CHUNK, size - at), at);
    if (bytesRead === 0) throw new Error('the file got shorter while it was read');
    at += bytesRead;
    // Whoever sends it may keep it for a while.
    yield Buffer.from(buffer.subarray(0, bytesRead));
  }
}

/**
 * Opens a file for upload if it lies in an allowed folder, is an ordinary file of a size that is taken, and has the hashes
 * that were told of it. Throws {@link NotUploaded}. The caller closes it.
 */
export async function openSample(
  path: string,
  expected: { readonly sha256: string | null; readonly md5: string | null },
  { folders, maxUpload }: SampleRules,
): Promise<OpenSample> {
  const real = await assertAllowed(path, folders);
  let handle: FileHandle;
  try {
    // Not blocking: a pipe that somebody put there is looked at and refused, not waited for.
    handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') throw new NotUploaded('the file was gone before its turn');
    const advice = code === 'EACCES' ? ': let this user read it, or use @ihandler/store' : '';
    throw new NotUploaded(`the file cannot be opened (${code})${advice}`);
  }
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw new NotUploaded('it is no ordinary file');
    if (status.size === 0) throw new NotUploaded('the file is empty');
    if (status.size > maxUpload) throw new NotUploaded(`the file is larger than ${maxUpload} bytes`);
    const [sha256, md5] = [createHash('sha256'), createHash('md5')];
    for await (const chunk of readAll(handle, status.size)) {
      sha256.update(chunk);
      md5.update(chunk);
    }
    const found = { sha256: sha256.digest('hex'), md5: md5.digest('hex') };
    for (const kind of ['sha256', 'md5'] as const)
      if (expected[kind] !== null && expected[kind] !== found[kind])
        throw new NotUploaded('the file is not the one that was captured: its hash is another');
    return {
      ...found,
      size: status.size,
      bytes: () => readAll(handle, status.size),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error instanceof NotUploaded
      ? error
      : new NotUploaded(`the file cannot be read (${codeOf(error) || String(error)})`);
  }
}
