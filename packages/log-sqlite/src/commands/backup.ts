import { resolve } from 'node:path';
import { waitingForLock } from '@ihandler/attack-log';
import { type Command, escapeControls, IhandlerError } from '@ihandler/core';
import { formatCount } from '@ihandler/core/kit';
import { utcStamp } from '@ihandler/sqlite-file';
import { assertFree, backUpDatabase } from '../database/backup-database.ts';
import { explainReading } from '../database/failure.ts';
import { acceptsTarget } from '../read/accepts-target.ts';
import { openReadable, type ReadableDatabase } from '../read/readable-database.ts';

/** `backup TARGET [FILE]`: copies a database while it is in use. */
export const backup: Command = {
  name: 'backup',
  summary: 'Copy a database while it is in use, and verify the copy',
  usage: 'TARGET [FILE]',
  options: {},
  examples: [
    ['ihandler backup dionaea.sqlite', 'Copy it beside the database, with the time in the name'],
    [
      'ihandler backup dionaea.sqlite /backups/monday.sqlite',
      'Copy it elsewhere, if the file does not exist',
    ],
  ],
  accepts: acceptsTarget,
  async run({ positionals }, { terminal, signal, now }) {
    const [target, file, ...more] = positionals;
    if (target === undefined || target === '' || file === '' || more.length > 0)
      throw new IhandlerError(
        'OPTIONS_INVALID',
        `backup expects a database and optionally a file for the copy; found ${positionals.length} arguments. Example: ihandler backup dionaea.sqlite`,
      );
    const from = resolve(target);
    const to = resolve(file ?? `${target}.backup-${utcStamp(now())}`);
    assertFree(to);
    let readable: ReadableDatabase | undefined;
    try {
      readable = await openReadable(from, waitingForLock(target, { terminal, signal }));
      const bytes = await backUpDatabase(readable.database, to, {
        signal,
        onProgress: (done, total) => terminal.progress(`${Math.floor((done * 100) / Math.max(total, 1))} %`),
      });
      terminal.progress(undefined);
      await terminal.write(`${escapeControls(to)} ${formatCount(bytes)} bytes, verified\n`);
      return 0;
    } catch (error) {
      terminal.progress(undefined);
      if (signal.aborted) return 130;
      throw explainReading(error, from);
    } finally {
      await readable?.close();
    }
  },
};
