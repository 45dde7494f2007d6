import { type CommandContext, IhandlerError } from '@ihandler/core';
import { formatTime, MINUTE } from '@ihandler/core/kit';
import { createApi } from '../api/api.ts';
import type { Answer } from '../api/classify-response.ts';
import type { FileFacts } from '../api/file-report.ts';
import { createHttpClient } from '../api/http-client.ts';
import { hashesOf } from '../backlog/task.ts';
import { keyOf } from '../handler.ts';
import type { InstanceData } from '../instance-data.ts';
import { verdictLines } from './verdict-lines.ts';

const LEASE = 5 * MINUTE;

async function ask(
  data: InstanceData,
  hash: string,
  { signal, now }: CommandContext,
): Promise<Answer<FileFacts>> {
  const { settings, quota } = data;
  const key = keyOf(settings);
  const ticket = quota.take('person', now());
  if (ticket === undefined)
    throw new IhandlerError(
      'STALLED',
      `The quota of the key is used up until ${formatTime(quota.availableAt('person', now()))}. You can still use the VirusTotal web site.`,
    );
  const http = createHttpClient(key, settings.proxy);
  const stop = (): void => void http.close();
  signal.addEventListener('abort', stop);
  try {
    return await createApi(http, settings.url, key, now).file(hash);
  } finally {
    quota.settle(ticket, now());
    data.count('asked');
    signal.removeEventListener('abort', stop);
    await http.close();
  }
}

/**
 * Looks a hash up at once, using the reserved part of the quota, and prints the result. If the file is in the backlog, this
 * was its lookup, and the running handler reports the verdict. Returns the exit code: 1 for an unknown file.
 */
export async function lookUp(data: InstanceData, hash: string, context: CommandContext): Promise<number> {
  const { terminal, now } = context;
  const task = data.backlog.leaseHash(hash, now(), now() + LEASE);
  let answer: Answer<FileFacts> | undefined;
  try {
    answer = await ask(data, hash, context);
  } finally {
    if (task !== undefined) {
      const facts = answer?.kind === 'ok' && answer.value.analysedAt !== undefined ? answer.value : undefined;
      const verdict = facts && { ...facts, state: 'known' as const, askedAt: now() };
      const step = verdict === undefined ? {} : { to: 'done' as const, verdict, ...hashesOf(task, facts) };
      data.backlog.settle(task, step, now());
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
      `VirusTotal rejects the key (${answer.message}): correct the option apiKey or the environment variable VIRUSTOTAL_API_KEY.`,
    );
  throw new IhandlerError(
    'STALLED',
    `Unexpected response from VirusTotal: ${answer.message}. Try again later.`,
  );
}
