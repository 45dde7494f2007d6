import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeError, IhandlerError, isIhandlerError, type Source } from '@ihandler/core';
import { foreignFormat } from '@ihandler/core/kit';
import type { Contribution } from '../discovery/contributions.ts';
import { createFileSource, fileSources, type InputOptions, loadFileSource } from './file-source.ts';
import { readHead } from './read-head.ts';

/** A file and the source that reads it. */
export interface Input {
  /** As the user named it. */
  readonly file: string;
  /** In bytes; undefined for a pipe. */
  readonly size: number | undefined;
  /** The name of the source, and the source; undefined for an empty file. */
  readonly reader: { readonly name: string; readonly source: Source } | undefined;
}

type SourceContribution = Contribution<'sources'>;

function unreadable(message: string, cause?: unknown): IhandlerError {
  return new IhandlerError('TARGET_UNREADABLE', message, { cause });
}

function describeSources(sources: readonly SourceContribution[]): string {
  if (sources.length === 0)
    return 'No installed package reads files. To find one: npm search keywords:ihandler';
  return `Supported:${sources.map(({ name, spec }) => `\n  ${name}: ${spec.summary}`).join('')}`;
}

/** Recognising a pipe would consume its beginning, so it goes to the only source that reads standard input. */
async function pipeInput(named: string, file: string, options: InputOptions): Promise<Input> {
  const sources = fileSources(options, 'stdin');
  const [only] = sources;
  if (only === undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      'No installed source reads standard input. To find one: npm search keywords:ihandler',
    );
  if (sources.length > 1) {
    const names = sources.map(({ name }) => name).join(', ');
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Several sources read standard input: choose one with --from (${names}).`,
    );
  }
  const source = await createFileSource(only, file, options);
  return { file: named, size: undefined, reader: { name: only.name, source } };
}

async function recognise(file: string, named: string, options: InputOptions): Promise<SourceContribution> {
  const sources = fileSources(options, 'file');
  if (options.from !== undefined && sources[0]) return sources[0];
  const head = await readHead(file).catch((cause: unknown) => {
    throw unreadable(`Cannot read ${named}: ${describeError(cause)}`, cause);
  });
  const failures: string[] = [];
  const explanations: string[] = [];
  for (const source of sources)
    try {
      const module = await loadFileSource(source, options.conditions);
      if (module.recognises(head, file)) return source;
      const explanation = module.explain?.(head, file);
      if (explanation !== undefined) explanations.push(explanation);
    } catch (error) {
      failures.push(`\n  ${describeError(error)}`);
    }
  const foreign = foreignFormat(head);
  if (foreign !== undefined)
    throw unreadable(
      `${named}: expected lines of text or a database, found ${foreign.name}. Convert it: ${foreign.command.replaceAll('FILE', named)}`,
    );
  if (explanations.length > 0) throw unreadable(`${named}: ${explanations.join(' ')}`);
  throw unreadable(
    `Unrecognised file format: ${named}. ${describeSources(sources)}${failures.join('')}\nUse --from to force one.`,
  );
}

async function inputFor(named: string, options: InputOptions): Promise<Input> {
  if (named === '-') return pipeInput(named, '-', options);
  const file = resolve(options.cwd, named);
  let size: number;
  try {
    const status = await stat(file);
    if (status.isDirectory()) throw unreadable(`${named} is a folder: name the files in it.`);
    // Opening a pipe consumes data or waits for a writer: only its source may do that, once.
    if (!status.isFile()) return await pipeInput(named, file, options);
    await (await open(file)).close();
    size = status.size;
  } catch (cause) {
    if (isIhandlerError(cause)) throw cause;
    throw unreadable(`Cannot read ${named}: ${describeError(cause)}`, cause);
  }
  if (size === 0) return { file: named, size, reader: undefined };
  const chosen = await recognise(file, named, options);
  const source = await createFileSource(chosen, file, options);
  return { file: named, size, reader: { name: chosen.name, source } };
}

/** Finds the installed source of each file, before any file is read. Throws one error for the problems of all files. */
export async function openInputs(files: readonly string[], options: InputOptions): Promise<readonly Input[]> {
  const inputs: Input[] = [];
  const errors: IhandlerError[] = [];
  for (const file of files)
    try {
      inputs.push(await inputFor(file, options));
    } catch (error) {
      if (!isIhandlerError(error)) throw error;
      errors.push(error);
    }
  const [first, ...more] = errors;
  if (first === undefined) return inputs;
  if (more.length === 0) throw first;
  throw new IhandlerError(first.code, errors.map(({ message }) => message).join('\n'), { cause: first });
}
