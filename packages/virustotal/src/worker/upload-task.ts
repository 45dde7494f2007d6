import { describeError, type Log } from '@ihandler/core';
import { backoffDelay, HOUR, MINUTE } from '@ihandler/core/kit';
import type { VirusTotalApi } from '../api/api.ts';
import type { Answer } from '../api/classify-response.ts';
import { NotUploaded, openUpload, type UploadFile } from '../api/open-upload.ts';
import type { Task } from '../backlog/task.ts';
import type { Settings } from '../options.ts';
import { type Outcomes, requestedDelay, type StepOutcome } from './outcomes.ts';

/** Larger files, in bytes, need their own upload address. */
const DIRECT_LIMIT = 32e6;

/** What an upload needs. */
export interface UploadTools {
  readonly api: Pick<VirusTotalApi, 'upload' | 'uploadUrl' | 'uploadTo'>;
  readonly settings: Pick<Settings, 'maxUpload'>;
  /** The folders whose files may be uploaded. */
  readonly sampleFolders: () => readonly string[];
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
  /** Sends a request within the quota. */
  ask<T>(request: () => Promise<Answer<T>>): Promise<Answer<T>>;
}

async function send(sample: UploadFile, { api, ask }: UploadTools): Promise<Answer<string>> {
  if (sample.size <= DIRECT_LIMIT) return ask(() => api.upload(sample));
  const address = await ask(() => api.uploadUrl());
  if (address.kind === 'ok') return ask(() => api.uploadTo(address.value, sample));
  // Without an address, nothing can have been uploaded.
  return address.kind === 'temporary' ? { ...address, ambiguous: false } : address;
}

/** Uploads the file of a task, if the rules allow it. */
export async function uploadTask(task: Task, tools: UploadTools, outcomes: Outcomes): Promise<StepOutcome> {
  const { settings, sampleFolders, now, random, log } = tools;
  let sample: UploadFile;
  try {
    const rules = { sampleFolders: sampleFolders(), maxUpload: settings.maxUpload };
    sample = await openUpload(task.path ?? '', task, rules);
  } catch (error) {
    if (!(error instanceof NotUploaded)) throw error;
    log.info('file not uploaded', { reason: describeError(error) });
    return outcomes.finishWithout(task, 'unknown', error.message);
  }
  const answer = await send(sample, tools);
  const hashes = { sha256: sample.sha256, md5: sample.md5 };
  if (answer.kind === 'ok') {
    const nextAt = now() + 2 * MINUTE;
    return { step: { to: 'analysis', analysis: answer.value, uploaded: true, nextAt, ...hashes } };
  }
  // The file may have arrived, so it is looked up before it is uploaded again.
  if (answer.kind === 'temporary' && answer.ambiguous) {
    const policy = { base: 5 * MINUTE, cap: 6 * HOUR, jitter: 0.5 };
    const delay = backoffDelay(policy, task.uploaded, undefined, random);
    const nextAt = now() + Math.max(delay, requestedDelay(answer));
    return outcomes.retryLater(task, answer, { to: 'new', uploaded: true, nextAt, ...hashes });
  }
  return (
    outcomes.unrelatedProblem(task, answer) ??
    outcomes.finishWithout(task, 'unknown', `upload rejected: ${answer.message}`, hashes)
  );
}
