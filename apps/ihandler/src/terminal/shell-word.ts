import { escapeControls } from '@ihandler/core';

/** A word of a command line to be pasted into a POSIX shell: quoted where it must be, without control characters. */
export function shellWord(word: string): string {
  const safe = escapeControls(word);
  return /^[\w@%+=:,./-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", "'\\''")}'`;
}
