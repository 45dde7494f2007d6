import { defineSource, IhandlerError, type Source } from '@ihandler/core';
import { openText, readText, recogniseLines } from '@ihandler/source-kit';
import { declaredOrigins } from './declared-origins.ts';
import { createLineFormat } from './line-format.ts';
import type { Mapping } from './mapping.ts';
import { type JsonLinesOptions, readOptions } from './options.ts';
import { presets } from './presets/index.ts';

export type { MappingInput } from './mapping.ts';
export type { JsonLinesOptions } from './options.ts';

function presetOf(head: Uint8Array): Mapping | undefined {
  return [...presets.values()].find((mapping) => recogniseLines(createLineFormat(mapping), head));
}

/** Whether a file holds lines of a preset, by its first 64 KiB. */
export function recognises(head: Uint8Array, _path: string): boolean {
  return presetOf(head) !== undefined;
}

/**
 * A source that reads the lines of a log in JSON as a mapping says, to the end of a file or standard input. Throws
 * `OPTIONS_INVALID`. Its run rejects with `TARGET_UNREADABLE` when the file cannot be read or no preset knows its lines.
 */
export default function jsonLines(options: JsonLinesOptions): Source {
  const { mapping, ...settings } = readOptions(options);
  return defineSource({
    name: 'json-lines',
    origins: declaredOrigins(mapping === undefined ? [...presets.values()] : [mapping]),
    async run(context) {
      const text = await openText(settings.file, context.signal);
      try {
        const chosen = mapping ?? presetOf(await text.head());
        if (chosen === undefined)
          throw new IhandlerError(
            'TARGET_UNREADABLE',
            `${settings.file}: expected lines of ${[...presets.keys()].join(', ')}, found others: add an entry "json-lines" with a mapping to "sources" in the configuration.`,
          );
        await readText(text, { ...settings, format: createLineFormat(chosen) }, context);
      } finally {
        await text.close();
      }
    },
  });
}
