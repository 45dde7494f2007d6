import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  type Command,
  type CommandContext,
  type ConfiguredInstance,
  escapeControls,
  IhandlerError,
} from '@ihandler/core';
import { chooseInstance } from '@ihandler/core/kit';
import { hashOf } from '../backlog/put-sample.ts';
import { fileOf } from '../handler.ts';
import { parseVirusTotalOptions } from '../options.ts';
import { type Desk, openDesk } from '../worker/desk.ts';
import { lookUp } from './look-up.ts';
import { type DownloadHashes, readHashes } from './read-hashes.ts';
import { statusLines } from './status-lines.ts';

const BATCH = 500;
/** Behind everything that is captured now. */
const LATER = 1;

function invalid(message: string): IhandlerError {
  return new IhandlerError('OPTIONS_INVALID', message);
}

function open({ options, dataDir }: ConfiguredInstance, isNew: boolean, { log, now }: CommandContext): Desk {
  const settings = parseVirusTotalOptions(options);
  const file = fileOf(settings, dataDir);
  if (!existsSync(file) && !isNew)
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `There is no backlog in ${file} yet: virustotal makes it when it first runs. Is it another configuration (-c)?`,
    );
  if (settings.file === undefined) mkdirSync(dirname(file), { recursive: true });
  return openDesk(file, settings, { log, now: now(), random: Math.random });
}

/** The hash that a user wrote; a SHA-1 only where VirusTotal is asked at once, for the backlog knows none. */
function readHash(text: string, verb: 'lookup' | 'retry'): string {
  const hash = hashOf(text, 64) ?? hashOf(text, 32) ?? (verb === 'lookup' ? hashOf(text, 40) : undefined);
  if (hash === undefined)
    throw invalid(
      `Expected a SHA-256${verb === 'lookup' ? ', a SHA-1' : ''} or an MD5 in hex digits, found ${escapeControls(JSON.stringify(text.slice(0, 80)))}.`,
    );
  return hash;
}

async function retry({ backlog, holds }: Desk, hash: string | undefined, { terminal, now }: CommandContext) {
  const files = backlog.retry(now(), hash);
  if (hash !== undefined && files === 0) {
    terminal.warn('No such file was seen, or it is being asked about at the moment.');
    return 1;
  }
  holds.release('all');
  const what = hash === undefined ? `${files} files waited for another try` : 'The file begins anew';
  await terminal.write(`${what}. A running virustotal goes on within a minute.\n`);
  return 0;
}

async function backfill(
  { backlog, settings }: Desk,
  database: string,
  context: CommandContext,
): Promise<number> {
  const { terminal, signal, now } = context;
  let batch: DownloadHashes[] = [];
  const counted = { all: 0, added: 0 };
  let room = settings.backlog - backlog.count('new');
  const put = (): void => {
    const seen = batch.map((hashes) => ({ ...hashes, priority: LATER }));
    const added = backlog
      .put(seen, now())
      .filter((outcome) => outcome === 'new' || outcome === 'again').length;
    counted.all += batch.length;
    counted.added += added;
    room -= added;
    batch = [];
    terminal.progress(`${counted.all} hashes`);
  };
  try {
    for (const hashes of readHashes(resolve(database))) {
      if (signal.aborted) return 130;
      if (batch.length >= Math.min(BATCH, room)) put();
      if (room <= 0) break;
      batch.push(hashes);
    }
    if (batch.length > 0) put();
  } finally {
    terminal.progress(undefined);
  }
  await terminal.write(`${counted.all} hashes, ${counted.added} of them to be asked about\n`);
  if (room <= 0)
    terminal.warn(
      `The backlog is full (option backlog: ${settings.backlog}): run it again later for the rest.`,
    );
  return 0;
}

const expected = {
  status: 'nothing more',
  lookup: 'one hash',
  retry: 'at most one hash',
  backfill: 'one database',
};

/** `virustotal status|lookup|retry|backfill`: the backlog of an instance, also while it runs. */
export const virustotalCommand: Command = {
  name: 'virustotal',
  summary: 'show what waits for VirusTotal, look a hash up, try again, ask about old hashes',
  usage: 'status | lookup HASH | retry [HASH] | backfill DATABASE',
  of: 'virustotal',
  options: {
    as: { type: 'string', value: 'NAME', help: 'which instance, where several are configured' },
  },
  examples: [
    ['ihandler virustotal status -c my.yaml', 'what waits, how much of the quota is used, what is wrong'],
    ['ihandler virustotal lookup 1d419d615dbe5a238bbaa569b3829a23 -c my.yaml', 'asks at once'],
    [
      'ihandler virustotal backfill dionaea.sqlite -c my.yaml',
      'asks, in time, about every file ever captured',
    ],
  ],
  async run(args, context) {
    const [verb, argument, ...more] = args.positionals;
    if (verb === undefined || !Object.hasOwn(expected, verb))
      throw invalid(
        `virustotal expects one of ${Object.keys(expected).join(', ')}; found ${escapeControls(JSON.stringify(verb) ?? 'nothing')}.`,
      );
    // Safe: it is a key of the record.
    const known = verb as keyof typeof expected;
    const needs = known === 'lookup' || known === 'backfill';
    if (more.length > 0 || (needs && !argument) || (known === 'status' && argument !== undefined))
      throw invalid(`virustotal ${known} expects ${expected[known]}; found ${args.positionals.length - 1}.`);
    const hash =
      known === 'lookup' || (known === 'retry' && argument) ? readHash(argument ?? '', known) : undefined;
    const { as } = args.options;
    const named = typeof as === 'string' ? as : undefined;
    const desk = open(chooseInstance('virustotal', context.instances, named), needs, context);
    try {
      if (known === 'status') {
        await context.terminal.write(statusLines(desk, context.now()));
        return 0;
      }
      if (known === 'lookup') return await lookUp(desk, hash ?? '', context);
      if (known === 'retry') return await retry(desk, hash, context);
      return await backfill(desk, argument ?? '', context);
    } finally {
      desk.close();
    }
  },
};
