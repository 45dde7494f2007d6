import { defineSource, type Source } from '@ihandler/core';
import { readDatabase } from './database/run.ts';
import { readLogIncident } from './log-incident/run.ts';
import { type DionaeaOptions, readOptions, type Settings } from './options.ts';
import { isDatabase } from './recognise.ts';
import { openText } from './text/open-text.ts';

export type { DionaeaOptions } from './options.ts';
export { recognises } from './recognise.ts';

async function isDatabaseWanted(settings: Settings, head: () => Promise<Uint8Array>): Promise<boolean> {
  return settings.format === 'auto' ? isDatabase(await head()) : settings.format === 'database';
}

/**
 * A source that reads what a dionaea saw: a file or standard input with log_incident JSON, one incident a line, gzipped
 * or not; or dionaea's own SQLite database, whose rows become incidents again. Reads to the end and stops. Throws
 * `OPTIONS_INVALID` here, and `TARGET_UNREADABLE` when it runs and cannot read.
 */
export default function dionaea(options: DionaeaOptions): Source {
  const settings = readOptions(options);
  return defineSource({
    name: 'dionaea',
    async run(context) {
      const text = await openText(settings.file, context.signal);
      try {
        const head = () => text.head();
        if (await isDatabaseWanted(settings, head)) await readDatabase(text, settings, context);
        else await readLogIncident(text, settings, context);
      } finally {
        await text.close();
      }
    },
  });
}
