import type { Source } from '@ihandler/core';
import { followLines } from '@ihandler/source-kit';
import { declaredOrigins } from './declared-origins.ts';
import { createLineFormat } from './line-format.ts';
import { type JsonLinesFollowOptions, readFollowOptions } from './options.ts';

export type { JsonLinesFollowOptions } from './options.ts';

/**
 * A source that follows a log in JSON, one object a line, as a mapping says. Its incidents have the ids that an import of the
 * same file gives. Throws `OPTIONS_INVALID`.
 */
export default function jsonLinesFollow(options: JsonLinesFollowOptions): Source {
  const { mapping, ...settings } = readFollowOptions(options);
  const source = followLines({ ...settings, name: 'json-lines-follow', format: createLineFormat(mapping) });
  return { ...source, origins: declaredOrigins([mapping]) };
}
