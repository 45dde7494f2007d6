import { describeError, type Log } from '@ihandler/core';
import type { VirusTotalApi } from '../api/api.ts';
import type { FileFacts } from '../api/file-report.ts';
import { NotUploaded, openUpload, type UploadFile } from '../api/open-upload.ts';
import type { Answer, Problem } from '../api/reaction.ts';
import type { Verdict, VerdictState } from '../api/verdict.ts';
import type { Step, Task } from '../backlog/backlog.ts';
import type { Settings } from '../options.ts';
import { backoff } from './holds.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Larger files need an address of their own. */
const DIRECT = 32e6;
/** How often an analysis is asked for before it is given up. */
const POLLS = 20;
/** How often a file is sent whose upload breaks: what lies between may let it pass never. */
const UPLOADS = 8;
/** How often a report is asked for that is not there yet although its analysis has ended. */
const LATE = 5;
/** With fewer opinions than this a verdict is young. */
const FEW_ENGINES = 10;

/** What a step needs. */
export interface StepTools {
  readonly api: VirusTotalApi;
  readonly settings: Settings;
  /** From which files may be uploaded. */
  readonly folders: () => readonly string[];
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
  /** Sends a request within the quota; waits for it where the step says so. */
  ask<T>(request: () => Promise<Answer<T>>): Promise<Answer<T>>;
}

/** What a step comes to: what becomes of the task, and what went wrong. */
export interface StepOutcome {
  readonly step: Step;
  readonly problem?: Problem;
}

type Hashes = { readonly sha256?: string; readonly md5?: string };

function hashesOf(task: Task, more: Hashes = {}): Hashes {
  const sha256 = task.sha256 ?? more.sha256;
  const md5 = task.md5 ?? more.md5;
  return { ...(sha256 && { sha256 }), ...(md5 && { md5 }) };
}

/** Makes the steps of a worker: each asks at most what its state needs, and says what becomes of the task. */
export function createSteps({ api, settings, folders, now, random, log, ask }: StepTools) {
  const inVain = (task: Task, problem: Problem, step: Step = {}): StepOutcome => ({
    step: {
      failed: true,
      nextAt: now() + Math.max(backoff(task.failures + 1, 30_000, 6 * 60 * MINUTE, random), waitOf(problem)),
      ...step,
    },
    problem,
  });

  function waitOf(problem: Problem): number {
    return problem.kind === 'later' ? (problem.retryAfter ?? 0) : 0;
  }

  /** The problems that do not concern what was asked: the task stays as it is and is tried again. */
  function passes(task: Task, problem: Problem): StepOutcome | undefined {
    if (problem.kind === 'key' || problem.kind === 'quota') return { step: {}, problem };
    return problem.kind === 'later' ? inVain(task, problem) : undefined;
  }

  /** What VirusTotal does not know today others may have told it tomorrow. */
  function isYoung({ state, firstSeenAt, engines = 0 }: Verdict): boolean {
    if (state === 'analysed' || state === 'unknown') return true;
    return state === 'known' && (engines < FEW_ENGINES || (firstSeenAt ?? 0) > now() - DAY);
  }

  /** Ends a task with a verdict; one that is young is asked for once more. */
  function end(task: Task, verdict: Verdict, step: Step = {}): StepOutcome {
    const again = isYoung(verdict) && task.recheck_at === null;
    return {
      step: { to: 'done', verdict, ...(again && { recheckAt: now() + settings.recheck }), ...step },
    };
  }

  function without(task: Task, state: VerdictState, reason: string, more?: Hashes): StepOutcome {
    return end(task, { ...hashesOf(task, more), state, reason, askedAt: now() });
  }

  function told(task: Task, state: VerdictState, facts: FileFacts, step?: Step): StepOutcome {
    const reason = facts.analysedAt === undefined ? { reason: 'its analysis did not end' } : {};
    const verdict = { ...facts, ...hashesOf(task, facts), ...reason, state, askedAt: now() };
    return end(task, verdict, { ...hashesOf(task, facts), ...step });
  }

  /** Ends a task with what VirusTotal says after an analysis; what this program has uploaded is commented on first. */
  function analysed(task: Task, facts: FileFacts): StepOutcome {
    const isOurs = task.uploaded > 0;
    const comment = isOurs && settings.comment !== undefined && task.commented === 0;
    return told(task, isOurs ? 'analysed' : 'known', facts, comment ? { to: 'comment' } : {});
  }

  /** Asks by a hash. What VirusTotal does not know may be uploaded. */
  async function lookUp(task: Task): Promise<StepOutcome> {
    const hash = task.sha256 ?? task.md5 ?? '';
    const answer = await ask(() => api.file(hash));
    if (answer.kind === 'ok') {
      if (answer.value.analysedAt !== undefined) return analysed(task, answer.value);
      // Somebody, perhaps this program before it died, has uploaded it, and its first analysis is under way.
      return { step: { to: 'report', nextAt: now() + 2 * MINUTE, ...hashesOf(task, answer.value) } };
    }
    if (answer.kind === 'unknown') {
      const reason = whyNotUploaded(task);
      return reason === undefined ? { step: { to: 'upload' } } : without(task, 'unknown', reason);
    }
    // A key that may not even look up is none.
    if (answer.kind === 'refused' && answer.message.startsWith('403'))
      return { step: {}, problem: { kind: 'key', message: answer.message } };
    return passes(task, answer) ?? without(task, 'skipped', `refused: ${answer.message}`);
  }

  /** Why a file that VirusTotal does not know stays here; undefined when it is to be uploaded. */
  function whyNotUploaded({ uploaded, path, recheck_at }: Task): string | undefined {
    if (recheck_at !== null) return 'still not known';
    if (!settings.upload) return 'not known, and not uploaded';
    if (path === null) return 'not known, and not here to be uploaded';
    return uploaded < UPLOADS ? undefined : `its upload broke ${uploaded} times`;
  }

  async function send(sample: UploadFile): Promise<Answer<string>> {
    if (sample.size <= DIRECT) return ask(() => api.upload(sample));
    const address = await ask(() => api.uploadUrl());
    if (address.kind === 'ok') return ask(() => api.uploadTo(address.value, sample));
    // Without an address nothing was uploaded, whatever became of the question.
    return address.kind === 'later' ? { ...address, ambiguous: false } : address;
  }

  async function upload(task: Task): Promise<StepOutcome> {
    let sample: UploadFile;
    try {
      const rules = { folders: folders(), maxUpload: settings.maxUpload };
      sample = await openUpload(task.path ?? '', task, rules);
    } catch (error) {
      if (!(error instanceof NotUploaded)) throw error;
      log.info('A file is not uploaded', { reason: describeError(error) });
      return without(task, 'unknown', error.message);
    }
    const answer = await send(sample);
    const hashes = { sha256: sample.sha256, md5: sample.md5 };
    if (answer.kind === 'ok') {
      const to = { to: 'analysis', analysis: answer.value, uploaded: true } as const;
      return { step: { ...to, ...hashes, nextAt: now() + 2 * MINUTE } };
    }
    // Whether it has arrived nobody knows: an upload is not repeated before VirusTotal was asked for it.
    if (answer.kind === 'later' && answer.ambiguous) {
      const wait = backoff(task.uploaded + 1, 5 * MINUTE, 6 * 60 * MINUTE, random);
      const nextAt = now() + Math.max(wait, waitOf(answer));
      return inVain(task, answer, { to: 'new', uploaded: true, nextAt, ...hashes });
    }
    return passes(task, answer) ?? without(task, 'unknown', `upload refused: ${answer.message}`, hashes);
  }

  async function poll(task: Task): Promise<StepOutcome> {
    const answer = await ask(() => api.analysis(task.analysis ?? ''));
    if (answer.kind === 'ok' && answer.value.completed)
      return {
        step: {
          to: 'report',
          ...hashesOf(task, { ...(answer.value.sha256 && { sha256: answer.value.sha256 }) }),
        },
      };
    if (answer.kind === 'ok') {
      if (task.polls + 1 >= POLLS) return without(task, 'unknown', 'its analysis did not end');
      const wait = Math.min(30, 2 ** (task.polls + 1)) * MINUTE;
      return { step: { polled: true, nextAt: now() + wait } };
    }
    if (answer.kind === 'unknown') return inVain(task, answer, { to: 'new' });
    return passes(task, answer) ?? without(task, 'unknown', `analysis refused: ${answer.message}`);
  }

  /** Asks for the report after an analysis. */
  async function fetchReport(task: Task): Promise<StepOutcome> {
    const answer = await ask(() => api.file(task.sha256 ?? task.md5 ?? ''));
    if (answer.kind === 'ok') {
      if (answer.value.analysedAt === undefined) {
        if (task.failures + 1 >= POLLS) return told(task, 'unknown', answer.value);
        return inVain(task, { kind: 'unknown', message: 'the report has no analysis yet' });
      }
      return analysed(task, answer.value);
    }
    if (answer.kind === 'unknown')
      return task.failures + 1 < LATE
        ? inVain(task, answer)
        : without(task, 'unknown', 'not known after its analysis');
    return passes(task, answer) ?? without(task, 'unknown', `refused: ${answer.message}`);
  }

  async function comment(task: Task): Promise<StepOutcome> {
    const { comment: text } = settings;
    if (text === undefined || task.sha256 === null) return { step: { to: 'done' } };
    const { sha256 } = task;
    const answer = await ask(() => api.comment(sha256, text));
    if (answer.kind === 'ok' || answer.kind === 'exists') return { step: { to: 'done', commented: true } };
    // An answer that was lost is asked for again: a comment that is there already is refused as such.
    return passes(task, answer) ?? { step: { to: 'done', commented: true }, problem: answer };
  }

  const steps = { new: lookUp, upload, analysis: poll, report: fetchReport, comment } as const;
  return async (task: Task): Promise<StepOutcome> =>
    task.state === 'done' ? { step: {} } : steps[task.state](task);
}
