import { defineSource, type Source } from '@ihandler/core';
import { mountFindings, rotatedToFindings } from './check-file.ts';
import { formatFindings } from './check-format.ts';
import { followFile } from './follow/follow-file.ts';
import { readText } from './lines/read-text.ts';
import type { Finding, FollowSettings, LinesSettings } from './options.ts';
import { openText } from './text/open-text.ts';

/** What {@link followLines} needs. */
export interface FollowLinesSettings extends Omit<FollowSettings, 'maxLine' | 'poll' | 'start'> {
  /** The name of the source, such as `acme-follow`. */
  readonly name: string;
  /** Longest line, in bytes, whose values are not cut. @default 16 MiB */
  readonly maxLine?: number | undefined;
  /** How often to check the file, in milliseconds. @default 250 */
  readonly poll?: number | undefined;
  /** Where to start on the first run, when the file already exists. @default "beginning" */
  readonly start?: 'beginning' | 'end' | undefined;
  /** Further findings of `check` and `doctor`. */
  check?(): readonly Finding[];
}

/** What {@link readLines} needs. */
export interface ReadLinesSettings extends Omit<LinesSettings, 'maxLine'> {
  /** The name of the source, such as `acme`. */
  readonly name: string;
  /** Longest line, in bytes, whose values are not cut. @default 16 MiB */
  readonly maxLine?: number | undefined;
}

const longestLine = 16 * 1024 * 1024;

/**
 * A source that follows a file until the signal aborts, across every kind of rotation and restarts: each line once, in
 * order, with the ids that {@link readLines} gives. While the file cannot be read, the source waits.
 */
export function followLines(given: FollowLinesSettings): Source {
  const { maxLine = longestLine, poll = 250, start = 'beginning' } = given;
  const settings: FollowSettings = { ...given, maxLine, poll, start };
  return defineSource({
    name: given.name,
    check: () => [
      ...formatFindings(settings.format, settings.file),
      ...mountFindings(settings.file),
      ...rotatedToFindings(settings.rotatedTo),
      ...(given.check?.() ?? []),
    ],
    run: (context) => followFile(settings, context),
  });
}

/**
 * A source that reads a file or standard input to its end and stops; gzip and zstd are uncompressed. Its run rejects with
 * `TARGET_UNREADABLE` when the file cannot be read.
 */
export function readLines(given: ReadLinesSettings): Source {
  const settings: LinesSettings = { ...given, maxLine: given.maxLine ?? longestLine };
  return defineSource({
    name: given.name,
    check: () => (settings.file === '-' ? [] : formatFindings(settings.format, settings.file)),
    async run(context) {
      const text = await openText(settings.file, context.signal);
      try {
        await readText(text, settings, context);
      } finally {
        await text.close();
      }
    },
  });
}
