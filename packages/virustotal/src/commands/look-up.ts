import { type CommandContext, IhandlerError } from '@ihandler/core';
import { createApi } from '../api/api.ts';
import type { FileFacts } from '../api/file-report.ts';
import { createHttpClient } from '../api/http-client.ts';
import type { Answer } from '../api/reaction.ts';
import { keyOf } from '../handler.ts';
import type { Desk } from '../worker/desk.ts';
import { shownTime, verdictLines } from './verdict-lines.ts';

const LEASE = 5 * 60_000;

async function ask(desk: Desk, hash: string, { signal, now }: CommandContext): Promise<Answer<FileFacts>> {
  const { settings, quota } = desk;
  const key = keyOf(settings);
  const ticket = quota.take('person', now());
  if (ticket === undefined)
    throw new IhandlerError(
      'STALLED',
      `The quota of the key is used up until ${shownTime(quota.availableAt('person', now()))}; the web site of VirusTotal answers all the same.`,
    );
  const http = createHttpClient(key, settings.proxy);
  const stop = (): void => void http.close();
  signal.addEventListener('abort', stop);
  try {
    return await createApi(http, settings.url, key, now).file(hash);
  } finally {
    quota.settle(ticket, now());
    desk.count('asked');
    signal.removeEventListener('abort', stop);
    await http.close();
  }
}

/**
 * Asks about a hash at once, with the part of the quota that is kept for people, and shows the answer. If the file waits in
 * the backlog, that was its turn: the running handler reports the verdict. The exit code is 1 for what is not known.
 */
export async function lookUp(desk: Desk, hash: string, context: CommandContext): Promise<number> {
  const { terminal, now } = context;
  const task = desk.backlog.leaseHash(hash, now(), now() + LEASE);
  let answer: Answer<FileFacts> | undefined;
  try {
    answer = await ask(desk, hash, context);
  } finally {
    if (task !== undefined) {
      const facts = answer?.kind === 'ok' && answer.value.analysedAt !== undefined ? answer.value : undefined;
      const verdict = facts && { ...facts, state: 'known' as const, askedAt: now() };
      const { sha256, md5 } = facts ?? {};
      const hashes = { ...(sha256 && { sha256 }), ...(md5 && { md5 }) };
      desk.backlog.settle(task, verdict === undefined ? {} : { to: 'done', verdict, ...hashes }, now());
    }
  }
  if (answer.kind === 'ok') {
    await terminal.write(verdictLines(answer.value));
    return 0;
  }
  if (answer.kind === 'unknown') {
    await terminal.write(`VirusTotal does not know ${hash}.\n`);
    return 1;
  }
  if (answer.kind === 'key')
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `VirusTotal refuses the key (${answer.message}): put the right one into apiKey, or VIRUSTOTAL_API_KEY.`,
    );
  throw new IhandlerError(
    'STALLED',
    `VirusTotal does not answer as it should: ${answer.message}. Try again later.`,
  );
}
