import { dirname, resolve } from 'node:path';
import { escapeControls, IhandlerError, type OptionProblem } from '@ihandler/core';
import type { ConfigPath, ConfigurationFile } from './configuration-file.ts';
import {
  configurationSchema,
  dionaeaSchema,
  handlerSchema,
  judge,
  type Problem,
  type Settings,
  soundSettings,
  sourceSchema,
} from './configuration-schema.ts';
import { type Part, type Reading, readParts } from './read-includes.ts';

export type { ConfigPath } from './configuration-file.ts';
export type { Problem } from './configuration-schema.ts';

/** One item of `sources` or `ihandlers`; a bare name is an entry too. */
export interface Entry {
  /** What to run: a handler or source by name or alias, a package, or a local file such as `./notify.js`. */
  readonly name: string;
  /** The options of what is run. */
  readonly config?: Readonly<Record<string, unknown>> | null | undefined;
  /** Names this instance, when one handler runs twice. */
  readonly as?: string | undefined;
  /** Where an ihandler begins that the journal does not know. */
  readonly from?: 'beginning' | 'end' | undefined;
  /** Only origins that one of these globs matches. */
  readonly only?: readonly string[] | undefined;
  /** Not the origins that one of these globs matches. */
  readonly except?: readonly string[] | undefined;
  /** Not what comes from these addresses and networks. */
  readonly ignore?: readonly string[] | undefined;
  /** Only these protocols; `-name` leaves one out. */
  readonly protocols?: readonly string[] | undefined;
  /** Where relative paths in the options start, when an entry was read from a file. Absolute. */
  readonly folder?: string | undefined;
  /** Whether it stands in a file of dionaea's, which also names ihandlers that only dionaea has. */
  readonly isDionaeas?: boolean | undefined;
}

/** A configuration as read, before anything is looked up. */
export interface Configuration extends Settings {
  /** Where relative paths in the journal's options start: the folder of the file that names it. */
  readonly journalFolder?: string | undefined;
  readonly sources: readonly Entry[];
  readonly ihandlers: readonly Entry[];
  /** Absolute; undefined when there is no file. */
  readonly file: string | undefined;
  /** Whether something is wrong already; what is wrong elsewhere is to be found before {@link error} tells it all. */
  readonly isBroken: boolean;
  /** The file and line of what a path names, for people. */
  where(path: ConfigPath): string;
  /** Makes one error of all problems, those found while reading among them, each with its file and line. */
  error(problems: readonly Problem[]): IhandlerError;
}

/** What holds without a file. */
export const noConfiguration: Configuration = {
  sources: [],
  ihandlers: [],
  file: undefined,
  isBroken: false,
  where: formatPath,
  error: (problems) =>
    new IhandlerError(
      'OPTIONS_INVALID',
      problems.map(({ path, message }) => escapeControls(`${formatPath(path)}: ${message}`)).join('\n'),
    ),
};

/** `ihandlers[0].config.file`. */
function formatPath(path: ConfigPath): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '');
}

/** Turns the path that an option problem tells (`a.b[0]`) into one below an entry. */
export function below(path: ConfigPath, problem: OptionProblem): ConfigPath {
  const inner = problem.path.match(/[^.[\]]+/g) ?? [];
  return [...path, ...inner.map((key) => (/^\d+$/.test(key) ? Number(key) : key))];
}

/** An entry and where it is written. */
interface Placed {
  readonly entry: Entry;
  readonly part: Part;
  readonly path: ConfigPath;
}

function listIn(value: unknown, key: string): readonly unknown[] {
  const list = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return Array.isArray(list) ? list : [];
}

/** The entries of a list that are ones; what is wrong with the others is added to the problems of the part. */
function entriesIn(part: Part, key: 'sources' | 'ihandlers'): readonly Placed[] {
  const { source, value, form, problems } = part;
  const isDionaeas = form === 'dionaea';
  if (isDionaeas && key === 'sources') return [];
  const schema = isDionaeas ? dionaeaSchema : key === 'sources' ? sourceSchema : handlerSchema;
  const list = isDionaeas ? [value].flat() : listIn(value, key);
  return list.flatMap((item, index) => {
    const path = isDionaeas ? (Array.isArray(value) ? [index] : []) : [key, index];
    const judged = judge(schema, item, source.value, path);
    problems.push(...judged.problems);
    if (judged.data === undefined) return [];
    return [{ entry: { ...judged.data, folder: dirname(source.file), isDionaeas }, part, path }];
  });
}

function settingsIn(parts: readonly Part[]): Settings & Pick<Configuration, 'journalFolder'> {
  let settings: ReturnType<typeof settingsIn> = {};
  for (const { source, value, form, problems } of parts) {
    if (form === 'dionaea' || source.broken !== undefined) continue;
    problems.push(...judge(configurationSchema, value, source.value, []).problems);
    const { include: _include, sources: _sources, ihandlers: _ihandlers, ...own } = soundSettings(value);
    const folder = dirname(source.file);
    const data = own.data === undefined ? {} : { data: resolve(folder, own.data) };
    const journal = own.journal === undefined ? {} : { journalFolder: folder };
    // What includes has the last word over what it includes.
    settings = { ...own, ...data, ...journal, ...settings };
  }
  return settings;
}

function lines({ lineOf }: ConfigurationFile, problems: readonly Problem[]): readonly string[] {
  return problems
    .map((problem) => ({ ...problem, line: lineOf(problem.path) }))
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .map(({ path, message, line }) =>
      escapeControls(
        `  ${line === undefined ? '' : `line ${line}, `}${formatPath(path) || 'the file'}: ${message}`,
      ),
    );
}

function told({ source, problems }: Part): readonly string[] {
  if (source.broken !== undefined) return [`${escapeControls(source.file)} ${source.broken}`];
  if (problems.length === 0) return [];
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return [`${escapeControls(source.file)} has ${count}:`, ...lines(source, problems)];
}

/**
 * Reads a configuration with all that it includes; throws nothing. Relative paths of an entry start at the folder of the
 * file that it stands in.
 */
export function readConfiguration(file: string, reading: Reading): Configuration {
  const parts = readParts(file, reading);
  const settings = settingsIn(parts);
  const sources = parts.flatMap((part) => entriesIn(part, 'sources'));
  const ihandlers = parts.flatMap((part) => entriesIn(part, 'ihandlers'));

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
    isBroken: parts.some(({ source, problems }) => source.broken !== undefined || problems.length > 0),
    where(path) {
      const place = placeOf(path);
      const line = place.part?.source.lineOf(place.path);
      return `${place.part?.source.file ?? file}${line === undefined ? '' : `, line ${line}`}`;
    },
    error(problems) {
      const placed = problems.map((problem) => ({ ...problem, ...placeOf(problem.path) }));
      const blocks = parts.flatMap((part) =>
        told({ ...part, problems: [...part.problems, ...placed.filter((problem) => problem.part === part)] }),
      );
      return new IhandlerError('OPTIONS_INVALID', blocks.join('\n'));
    },
  };
}
