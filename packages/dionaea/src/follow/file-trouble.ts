import { describeError } from '@ihandler/core';

/** What the file system or zlib refused: it passes, or somebody has to put it right. */
export class FileTrouble extends Error {
  override readonly name = 'FileTrouble';
}

/** Does something with files; what fails is thrown as {@link FileTrouble}, since the program is not at fault. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new FileTrouble(describeError(error), { cause: error });
  }
}

/** Whether gzip data is cut or damaged. */
export function isDamage(error: unknown): boolean {
  const cause = error instanceof FileTrouble ? error.cause : error;
  return cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_');
}
