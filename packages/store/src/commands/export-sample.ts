import { openAsBlob } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { describeError, IhandlerError } from '@ihandler/core';
import { BlobReader, configure, ZipWriter } from '@zip.js/zip.js';

/** The usual password for malware samples. It keeps scanners and double clicks from opening one by accident. */
const PASSWORD = 'infected';

/**
 * Writes a sample, streamed, into a ZIP file with the usual password, under its hash. Overwrites nothing. Resolves with
 * the path of the ZIP file.
 */
export async function exportSample(
  file: string,
  sha256: string,
  output: string | undefined,
): Promise<string> {
  const target = resolve(output ?? `${sha256}.zip`);
  configure({ useWebWorkers: false });
  const handle = await open(target, 'wx', 0o600).catch((cause: unknown) => {
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `Cannot write ${target}: ${describeError(cause)}. Nothing is overwritten: name another file with --output.`,
      { cause },
    );
  });
  try {
    const blob = await openAsBlob(file);
    const sink = Writable.toWeb(handle.createWriteStream());
    // ZipCrypto is weak, which does not matter here. It is the only encryption that every tool supports.
    const zip = new ZipWriter(sink, { password: PASSWORD, zipCrypto: true });
    await zip.add(sha256, new BlobReader(blob));
    await zip.close();
    return target;
  } catch (cause) {
    await rm(target, { force: true });
    throw new IhandlerError('TARGET_UNREADABLE', `Cannot export ${file}: ${describeError(cause)}`, { cause });
  } finally {
    await handle.close().catch(() => undefined); // the stream may have closed it already
  }
}
