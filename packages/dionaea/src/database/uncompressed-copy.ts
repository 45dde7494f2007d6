import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { explainFileError, type Text } from '@ihandler/source-kit';

/** A copy in the folder for temporary files, which only this user may read. */
export interface TemporaryCopy {
  readonly path: string;
  remove(): Promise<void>;
}

/** Uncompresses a gzipped database to a file that SQLite can read. */
export async function copyUncompressed(text: Text, signal: AbortSignal): Promise<TemporaryCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'ihandler-dionaea-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const path = join(folder, 'dionaea.sqlite');
  try {
    await pipeline(text.chunks(), createWriteStream(path, { mode: 0o600 }), { signal });
    return { path, remove };
  } catch (error) {
    await remove();
    throw explainFileError(text.file, error);
  }
}
