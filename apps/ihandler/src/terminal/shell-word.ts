import { escapeControls } from '@ihandler/core';

/** A word to paste into a POSIX shell: quoted where necessary, with escaped control characters. */
export function shellWord(word: string): string {
  const safe = escapeControls(word);
  return /^[\w@%+=:,./-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", "'\\''")}'`;
}
