import { describeError } from '@ihandler/core';

/** A failure of the file system or of zlib. The source waits and retries, since the failure may be temporary. */
export class FileError extends Error {
  override readonly name = 'FileError';
}

/** Runs work on files; throws its failures as {@link FileError}, so that they differ from errors of the program. */
export async function withFileErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new FileError(describeError(error), { cause: error });
  }
}

/** Whether an error means that compressed data is incomplete or damaged. */
export function isDamaged(error: unknown): boolean {
  const cause = error instanceof FileError ? error.cause : error;
  return cause instanceof Error && 'code' in cause && /^Z(?:STD)?_/.test(String(cause.code));
}
