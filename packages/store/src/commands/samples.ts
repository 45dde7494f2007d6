import { existsSync } from 'node:fs';
import {
  type Command,
  type CommandArguments,
  type CommandContext,
  escapeControls,
  escapeJson,
  IhandlerError,
} from '@ihandler/core';
import { chooseInstance, formatCount } from '@ihandler/core/kit';
import { recordFile } from '../handler.ts';
import { folderOf, pathIn } from '../sample-folder.ts';
import { openRecord, type SampleRecord, type SampleRow } from '../sample-record.ts';
import { exportSample } from './export-sample.ts';
import { listLine, showSample } from './sample-lines.ts';
import { verifySamples } from './verify-samples.ts';

/** The samples of one instance, open for reading. */
export interface Samples {
  readonly folder: string;
  readonly record: SampleRecord;
}

function invalid(message: string): IhandlerError {
  return new IhandlerError('OPTIONS_INVALID', message);
}

function text(args: CommandArguments, name: string): string | undefined {
  const value = args.options[name];
  return typeof value === 'string' ? value : undefined;
}

function open(args: CommandArguments, context: CommandContext): Samples {
  const { options, dataDir } = chooseInstance('store', context.instances, text(args, 'as'));
  const file = recordFile(dataDir);
  if (!existsSync(file))
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `No sample record found at ${file}. The store creates it on first start; check the configuration (-c).`,
    );
  const folder = typeof options['folder'] === 'string' ? options['folder'] : undefined;
  return { folder: folderOf({ folder }, dataDir), record: openRecord(file, { readonly: true }) };
}

function sampleOf({ record }: Samples, hash: string | undefined): SampleRow {
  if (hash === undefined || !/^[0-9a-f]{4,64}$/i.test(hash))
    throw invalid(
      `Expected a hash, or at least its first four digits, found ${hash === undefined ? 'nothing' : JSON.stringify(hash.slice(0, 80))}.`,
    );
  const [found, ...more] = record.find(hash.toLowerCase());
  if (found === undefined)
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `No sample has the hash ${hash}. To list all: ihandler samples list`,
    );
  if (more.length > 0)
    throw invalid(
      `${formatCount(more.length + 1)} samples have a hash that begins with ${hash}: give more digits.`,
    );
  return found;
}

/** The exit code of `list` when nothing is stored. */
const EMPTY = 1;

async function list(
  args: CommandArguments,
  { terminal }: CommandContext,
  { record }: Samples,
): Promise<number> {
  const rows = record.list();
  for (const row of rows)
    await terminal.write(
      `${args.options['json'] === true ? escapeJson(JSON.stringify(row)) : listLine(row, terminal.columns)}\n`,
    );
  if (rows.length === 0) terminal.warn('No samples stored yet.');
  return rows.length === 0 ? EMPTY : 0;
}

/** `samples list|show|verify|export`: the samples that a store holds. */
export const samples: Command = {
  name: 'samples',
  summary: 'list, show, verify and export stored samples',
  usage: 'list | show HASH | verify | export HASH',
  of: 'store',
  options: {
    as: { type: 'string', value: 'NAME', help: 'the instance, if several are configured' },
    output: {
      type: 'string',
      short: 'o',
      value: 'FILE',
      help: 'the ZIP file to write (default: HASH.zip)',
    },
    json: { type: 'boolean', help: 'print one JSON document per line' },
  },
  examples: [
    ['ihandler samples list -c my.yaml', 'lists every sample, newest first'],
    ['ihandler samples show 1d419d61 -c my.yaml', 'shows hashes, type, and the download it came from'],
    ['ihandler samples export 1d419d61 -c my.yaml', 'writes a ZIP with the password "infected"'],
  ],
  async run(args, context) {
    const [verb, hash, ...more] = args.positionals;
    const verbs = ['list', 'show', 'verify', 'export'];
    const takesHash = verb === 'show' || verb === 'export';
    if (verb === undefined || !verbs.includes(verb))
      throw invalid(
        `samples: expected one of ${verbs.join(', ')}, found ${escapeControls(JSON.stringify(verb) ?? 'nothing')}.`,
      );
    if (more.length > 0 || (!takesHash && hash !== undefined))
      throw invalid(
        `samples ${verb}: expected ${takesHash ? 'one hash' : 'no further argument'}, found ${JSON.stringify(takesHash ? more[0] : hash)}.`,
      );
    const opened = open(args, context);
    const { terminal } = context;
    try {
      if (verb === 'list') return await list(args, context, opened);
      if (verb === 'verify') return await verifySamples(opened, context);
      const row = sampleOf(opened, hash);
      const file = pathIn(opened.folder, row.sha256);
      if (verb === 'show') {
        await terminal.write(
          args.options['json'] === true
            ? `${escapeJson(JSON.stringify(row))}\n`
            : `${showSample(row, file)}\n`,
        );
        return 0;
      }
      if (row.kept !== 1)
        throw new IhandlerError(
          'TARGET_UNREADABLE',
          `The file of sample ${row.sha256} was deleted to make space (maxSize). It is stored again when the sample is captured again.`,
        );
      const target = await exportSample(file, row.sha256, text(args, 'output'));
      await terminal.write(`${escapeControls(target)} (password: infected)\n`);
      return 0;
    } finally {
      opened.record.close();
    }
  },
};
