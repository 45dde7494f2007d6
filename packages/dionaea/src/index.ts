import { defineSource, type Source } from '@ihandler/core';
import { openText, readText } from '@ihandler/source-kit';
import { readDatabase } from './database/read-database.ts';
import { createLogIncident } from './log-incident/read-line.ts';
import { importRootOf } from './map-path.ts';
import { type DionaeaOptions, readOptions, type Settings } from './options.ts';
import { isDatabase } from './recognise.ts';

export { explain } from './explain-format.ts';
export type { DionaeaOptions } from './options.ts';
export { recognises } from './recognise.ts';

async function shouldReadDatabase(settings: Settings, head: () => Promise<Uint8Array>): Promise<boolean> {
  return settings.format === 'auto' ? isDatabase(await head()) : settings.format === 'database';
}

/**
 * A source that reads the incidents of a dionaea: a file or standard input with log_incident JSON, one incident a line,
 * gzipped or not; or dionaea's own SQLite database, whose rows become incidents again. It reads to the end and stops.
 * Throws `OPTIONS_INVALID` for invalid options. Its run rejects with `TARGET_UNREADABLE` when the file cannot be read.
 */
export default function dionaea(options: DionaeaOptions): Source {
  const settings = readOptions(options);
  return defineSource({
    name: 'dionaea',
    async run(context) {
      const text = await openText(settings.file, context.signal);
      try {
        const head = () => text.head();
        if (await shouldReadDatabase(settings, head)) await readDatabase(text, settings, context);
        else {
          const format = createLogIncident({ ...settings, root: importRootOf(settings) });
          await readText(text, { ...settings, format }, context);
        }
      } finally {
        await text.close();
      }
    },
  });
}
