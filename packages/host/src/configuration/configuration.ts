import { dirname } from 'node:path';
import { escapeControls, IhandlerError } from '@ihandler/core';
import type { Installed } from '../discovery/find-packages.ts';
import type { Settings } from './configuration-schema.ts';
import { type ConfigPath, formatPath, type Problem } from './problem.ts';
import type { Part } from './read-includes.ts';

/** One item of `sources` or `ihandlers`. */
export interface Entry {
  /** What to run: a handler or source by name or alias, a package, or a local file such as `./notify.js`. */
  readonly name: string;
  /** The options of the handler or source. */
  readonly config?: Readonly<Record<string, unknown>> | null | undefined;
  /** Names this instance, when one handler runs twice. */
  readonly as?: string | undefined;
  /** Where a handler starts that the journal does not know yet. */
  readonly from?: 'beginning' | 'end' | undefined;
  /** Only origins that one of these globs matches. */
  readonly only?: readonly string[] | undefined;
  /** Not the origins that one of these globs matches. */
  readonly except?: readonly string[] | undefined;
  /** Not incidents with these remote addresses and networks. */
  readonly ignore?: readonly string[] | undefined;
  /** Only these protocols; `-name` excludes one. */
  readonly protocols?: readonly string[] | undefined;
  /** Whether the handler gets incidents with the sensor's address masked, or only facts: see `HandlerEntry`. */
  readonly mask?: boolean | 'facts' | undefined;
  /** Whether the handler runs in a thread of its own, and its limits there. Sizes are bytes, times milliseconds. */
  readonly isolate?:
    | boolean
    | { readonly memory?: number | undefined; readonly timeout?: number | undefined }
    | undefined;
  /** Where relative paths in the options start, when an entry was read from a file. Absolute. */
  readonly folder?: string | undefined;
  /** Whether it stands in a sensor's file, which may also name handlers that only the sensor has. */
  readonly isOfSensor?: boolean | undefined;
}

/** A configuration as read: settings and entries; nothing of them is looked up yet. */
export interface Configuration extends Settings {
  /** Where relative paths in the journal's options start: the folder of the file that names it. */
  readonly journalFolder?: string | undefined;
  readonly sources: readonly Entry[];
  readonly ihandlers: readonly Entry[];
  /** Absolute; undefined when no file was given. */
  readonly file: string | undefined;
  /** Where relative paths of entries without a folder of their own start. Absolute. */
  readonly folder: string;
  /** The packages found for it: beside the file, in the working directory, in the program's own folder. */
  readonly installed: Installed;
  /** Whether it has problems already. {@link error} reports them together with those found later. */
  readonly isBroken: boolean;
  /** The file and line of the value at a path, for people. */
  where(path: ConfigPath): string;
  /** One error with all problems, those found while reading included, each with its file and line. */
  error(problems: readonly Problem[]): IhandlerError;
}

/** A message behind its path, unless it begins with it. */
function withPath(path: string, message: string): string {
  return message.startsWith(`${path}: `) ? message : `${path}: ${message}`;
}

/** What applies without a file: nothing is configured. */
export function emptyConfiguration(folder: string, installed: Installed): Configuration {
  return {
    sources: [],
    ihandlers: [],
    file: undefined,
    folder,
    installed,
    isBroken: false,
    where: formatPath,
    error: (problems) =>
      new IhandlerError(
        'OPTIONS_INVALID',
        problems.map(({ path, message }) => escapeControls(withPath(formatPath(path), message))).join('\n'),
      ),
  };
}

/** An entry and where it is written. */
export interface PlacedEntry {
  readonly entry: Entry;
  readonly part: Part;
  readonly path: ConfigPath;
}

/** The content of all files of a configuration. */
export interface ConfigurationParts {
  /** The file that was given. Absolute. */
  readonly file: string;
  readonly parts: readonly Part[];
  readonly settings: Settings & Pick<Configuration, 'journalFolder'>;
  readonly sources: readonly PlacedEntry[];
  readonly ihandlers: readonly PlacedEntry[];
  readonly installed: Installed;
}

function problemLines({ source: { lineOf } }: Part, problems: readonly Problem[]): readonly string[] {
  return problems
    .map((problem) => ({ ...problem, line: lineOf(problem.path) }))
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .map(({ path, message, line }) =>
      escapeControls(
        `  ${line === undefined ? '' : `line ${line}, `}${formatPath(path) || 'the file'}: ${message}`,
      ),
    );
}

function describeProblems(part: Part, problems: readonly Problem[]): readonly string[] {
  const { source } = part;
  if (source.broken !== undefined) return [`${escapeControls(source.file)} ${source.broken}`];
  if (problems.length === 0) return [];
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return [`${escapeControls(source.file)} has ${count}:`, ...problemLines(part, problems)];
}

/** Joins the files of a configuration; keeps for each problem where it is written. */
export function joinParts({
  file,
  parts,
  settings,
  sources,
  ihandlers,
  installed,
}: ConfigurationParts): Configuration {
  /** Turns a path into the merged lists into one of the file where it is written. */
  function placeOf(path: ConfigPath): { readonly part: Part | undefined; readonly path: ConfigPath } {
    const [key, index, ...rest] = path;
    const list = key === 'sources' ? sources : key === 'ihandlers' ? ihandlers : [];
    const placed = typeof index === 'number' ? list[index] : undefined;
    return placed ? { part: placed.part, path: [...placed.path, ...rest] } : { part: parts[0], path };
  }

  return {
    ...settings,
    sources: sources.map(({ entry }) => entry),
    ihandlers: ihandlers.map(({ entry }) => entry),
    file,
    folder: dirname(file),
    installed,
    isBroken: parts.some(({ source, problems }) => source.broken !== undefined || problems.length > 0),
    where(path) {
      const place = placeOf(path);
      const line = place.part?.source.lineOf(place.path);
      return `${place.part?.source.file ?? file}${line === undefined ? '' : `, line ${line}`}`;
    },
    error(problems) {
      const placed = problems.map((problem) => ({ ...problem, ...placeOf(problem.path) }));
      const blocks = parts.flatMap((part) =>
        describeProblems(part, [...part.problems, ...placed.filter((problem) => problem.part === part)]),
      );
      return new IhandlerError('OPTIONS_INVALID', blocks.join('\n'));
    },
  };
}
