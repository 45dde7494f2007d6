import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  type Command,
  type CommandContext,
  type ConfiguredInstance,
  escapeControls,
  IhandlerError,
} from '@ihandler/core';
import { chooseInstance, formatCount } from '@ihandler/core/kit';
import { hashOf } from '../backlog/put-sample.ts';
import { fileOf } from '../handler.ts';
import { type InstanceData, openInstanceData } from '../instance-data.ts';
import { parseVirusTotalOptions } from '../options.ts';
import { lookUp } from './look-up.ts';
import { type DownloadHashes, readHashes } from './read-hashes.ts';
import { statusLines } from './status-lines.ts';

const BATCH = 500;
/** After everything that is captured now. */
const LOW_PRIORITY = 1;

function invalid(message: string): IhandlerError {
  return new IhandlerError('OPTIONS_INVALID', message);
}

function open(
  { options, dataDir }: ConfiguredInstance,
  isNew: boolean,
  { log, now }: CommandContext,
): InstanceData {
  const settings = parseVirusTotalOptions(options);
  const file = fileOf(settings, dataDir);
  if (!existsSync(file) && !isNew)
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `No backlog found at ${file}. virustotal creates it on first start; check the configuration (-c).`,
    );
  if (settings.file === undefined) mkdirSync(dirname(file), { recursive: true, mode: 0o750 });
  return openInstanceData(file, settings, { log, now: now(), random: Math.random });
}

/** Parses a hash. `lookup` also accepts a SHA-1, which the backlog does not have. */
function readHash(text: string, verb: 'lookup' | 'retry'): string {
  const hash = hashOf(text, 64) ?? hashOf(text, 32) ?? (verb === 'lookup' ? hashOf(text, 40) : undefined);
  if (hash === undefined)
    throw invalid(
      `Expected a SHA-256${verb === 'lookup' ? ', a SHA-1' : ''} or an MD5 in hex digits, found ${escapeControls(JSON.stringify(text.slice(0, 80)))}.`,
    );
  return hash;
}

async function retry(
  { backlog, cooldowns }: InstanceData,
  hash: string | undefined,
  { terminal, now }: CommandContext,
) {
  const files = backlog.retry(now(), hash);
  if (hash !== undefined && files === 0) {
    terminal.warn('No such file in the backlog, or its lookup is in progress.');
    return 1;
  }
  cooldowns.release('all');
  const outcome =
    hash === undefined ? `Retrying ${formatCount(files, 'delayed file')}` : 'The file is looked up again';
  await terminal.write(`${outcome}. A running virustotal continues within a minute.\n`);
  return 0;
}

async function backfill(
  { backlog, settings }: InstanceData,
  database: string,
  context: CommandContext,
): Promise<number> {
  const { terminal, signal, now } = context;
  let batch: DownloadHashes[] = [];
  const counted = { all: 0, added: 0 };
  let free = settings.backlog - backlog.count('new');
  const put = (): void => {
    const seen = batch.map((hashes) => ({ ...hashes, priority: LOW_PRIORITY }));
    const added = backlog
      .put(seen, now())
      .filter((outcome) => outcome === 'new' || outcome === 'again').length;
    counted.all += batch.length;
    counted.added += added;
    free -= added;
    batch = [];
    terminal.progress(`${counted.all} hashes`);
  };
  try {
    for (const hashes of readHashes(resolve(database))) {
      if (signal.aborted) return 130;
      if (batch.length >= Math.min(BATCH, free)) put();
      if (free <= 0) break;
      batch.push(hashes);
    }
    if (batch.length > 0) put();
  } finally {
    terminal.progress(undefined);
  }
  await terminal.write(`${counted.all} hashes read, ${counted.added} added to the backlog\n`);
  if (free <= 0)
    terminal.warn(
      `The backlog is full (option backlog: ${settings.backlog}): run the command again later for the rest.`,
    );
  return 0;
}

const expected = {
  status: 'no further argument',
  lookup: 'one hash',
  retry: 'at most one hash',
  backfill: 'one database',
};

/** `virustotal status|lookup|retry|backfill`: the backlog of an instance, which may be running. */
export const virustotalCommand: Command = {
  name: 'virustotal',
  summary: 'show the VirusTotal backlog, look up a hash, retry, look up old hashes',
  usage: 'status | lookup HASH | retry [HASH] | backfill DATABASE',
  of: 'virustotal',
  options: {
    as: { type: 'string', value: 'NAME', help: 'the instance, if several are configured' },
  },
  examples: [
    ['ihandler virustotal status -c my.yaml', 'shows the backlog, the used quota and problems'],
    ['ihandler virustotal lookup 1d419d615dbe5a238bbaa569b3829a23 -c my.yaml', 'looks a hash up now'],
    [
      'ihandler virustotal backfill dionaea.sqlite -c my.yaml',
      'adds every file ever captured to the backlog',
    ],
  ],
  async run(args, context) {
    const [verb, argument, ...more] = args.positionals;
    if (verb === undefined || !Object.hasOwn(expected, verb))
      throw invalid(
        `virustotal: expected one of ${Object.keys(expected).join(', ')}, found ${escapeControls(JSON.stringify(verb) ?? 'nothing')}.`,
      );
    // Safe: it is a key of the record.
    const known = verb as keyof typeof expected;
    const needs = known === 'lookup' || known === 'backfill';
    if (more.length > 0 || (needs && !argument) || (known === 'status' && argument !== undefined))
      throw invalid(
        `virustotal ${known}: expected ${expected[known]}, found ${formatCount(args.positionals.length - 1, 'argument')}.`,
      );
    const hash =
      known === 'lookup' || (known === 'retry' && argument) ? readHash(argument ?? '', known) : undefined;
    const { as } = args.options;
    const named = typeof as === 'string' ? as : undefined;
    const data = open(chooseInstance('virustotal', context.instances, named), needs, context);
    try {
      if (known === 'status') {
        await context.terminal.write(statusLines(data, context.now()));
        return 0;
      }
      if (known === 'lookup') return await lookUp(data, hash ?? '', context);
      if (known === 'retry') return await retry(data, hash, context);
      return await backfill(data, argument ?? '', context);
    } finally {
      data.close();
    }
  },
};
