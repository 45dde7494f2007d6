import { MINUTE } from '@ihandler/core/kit';
import type { VirusTotalApi } from '../api/api.ts';
import type { FileFacts } from '../api/file-report.ts';
import { hashesOf, type Task } from '../backlog/task.ts';
import type { Settings } from '../options.ts';
import { Outcomes, type StepOutcome } from './outcomes.ts';
import { type UploadTools, uploadTask } from './upload-task.ts';

/** How many times an analysis is polled. */
const MAX_POLLS = 20;
/** How many uploads of a file may fail: something on the way to VirusTotal may never let it pass. */
const MAX_UPLOADS = 8;
/** How many times a report is fetched that is still missing after its analysis. */
const MAX_REPORT_RETRIES = 5;

/** What the steps of a task need. */
export interface TaskTools extends UploadTools {
  readonly api: VirusTotalApi;
  readonly settings: Settings;
}

/** Runs the next step of a task: sends the requests that its state needs and returns the outcome. */
export class TaskRunner {
  readonly #tools: TaskTools;
  readonly #outcomes: Outcomes;

  constructor(tools: TaskTools) {
    this.#tools = tools;
    this.#outcomes = new Outcomes(tools);
  }

  async run(task: Task): Promise<StepOutcome> {
    switch (task.state) {
      case 'new':
        return this.#lookUp(task);
      case 'upload':
        return uploadTask(task, this.#tools, this.#outcomes);
      case 'analysis':
        return this.#pollAnalysis(task);
      case 'report':
        return this.#fetchReport(task);
      case 'comment':
        return this.#comment(task);
      case 'done':
        return { step: {} };
    }
  }

  /** Looks a file up by its hash. An unknown file may be uploaded next. */
  async #lookUp(task: Task): Promise<StepOutcome> {
    const { api, ask, now } = this.#tools;
    const answer = await ask(() => api.file(task.sha256 ?? task.md5 ?? ''));
    if (answer.kind === 'ok') {
      if (answer.value.analysedAt !== undefined) return this.#finishAnalysed(task, answer.value);
      // The first analysis runs. The upload may be this program's own, before a crash.
      return { step: { to: 'report', nextAt: now() + 2 * MINUTE, ...hashesOf(task, answer.value) } };
    }
    if (answer.kind === 'unknown') {
      const reason = this.#reasonAgainstUpload(task);
      return reason === undefined
        ? { step: { to: 'upload' } }
        : this.#outcomes.finishWithout(task, 'unknown', reason);
    }
    // A key that may not even look files up is invalid.
    if (answer.kind === 'rejected' && answer.message.startsWith('403'))
      return { step: {}, problem: { kind: 'key', message: answer.message } };
    return (
      this.#outcomes.unrelatedProblem(task, answer) ??
      this.#outcomes.finishWithout(task, 'skipped', `rejected: ${answer.message}`)
    );
  }

  /** Why an unknown file is not uploaded; undefined when it is. */
  #reasonAgainstUpload({ uploaded, path, recheck_at }: Task): string | undefined {
    if (recheck_at !== null) return 'still unknown';
    if (!this.#tools.settings.upload) return 'unknown, and uploads are off';
    if (path === null) return 'unknown, and the file is not on this machine';
    return uploaded < MAX_UPLOADS ? undefined : `upload failed ${uploaded} times`;
  }

  async #pollAnalysis(task: Task): Promise<StepOutcome> {
    const { api, ask, now } = this.#tools;
    const answer = await ask(() => api.analysis(task.analysis ?? ''));
    if (answer.kind === 'ok' && answer.value.completed) {
      const { sha256 } = answer.value;
      return { step: { to: 'report', ...hashesOf(task, { ...(sha256 && { sha256 }) }) } };
    }
    if (answer.kind === 'ok') {
      if (task.polls + 1 >= MAX_POLLS)
        return this.#outcomes.finishWithout(task, 'unknown', 'analysis did not finish');
      const delay = Math.min(30, 2 ** (task.polls + 1)) * MINUTE;
      return { step: { polled: true, nextAt: now() + delay } };
    }
    if (answer.kind === 'unknown') return this.#outcomes.retryLater(task, answer, { to: 'new' });
    return (
      this.#outcomes.unrelatedProblem(task, answer) ??
      this.#outcomes.finishWithout(task, 'unknown', `analysis rejected: ${answer.message}`)
    );
  }

  /** Fetches the report after an analysis. */
  async #fetchReport(task: Task): Promise<StepOutcome> {
    const { api, ask } = this.#tools;
    const answer = await ask(() => api.file(task.sha256 ?? task.md5 ?? ''));
    if (answer.kind === 'ok') {
      if (answer.value.analysedAt !== undefined) return this.#finishAnalysed(task, answer.value);
      if (task.failures + 1 >= MAX_POLLS) return this.#outcomes.finishWith(task, 'unknown', answer.value);
      const problem = { kind: 'unknown', message: 'the report has no analysis yet' } as const;
      return this.#outcomes.retryLater(task, problem);
    }
    if (answer.kind === 'unknown')
      return task.failures + 1 < MAX_REPORT_RETRIES
        ? this.#outcomes.retryLater(task, answer)
        : this.#outcomes.finishWithout(task, 'unknown', 'unknown after its analysis');
    return (
      this.#outcomes.unrelatedProblem(task, answer) ??
      this.#outcomes.finishWithout(task, 'unknown', `rejected: ${answer.message}`)
    );
  }

  /** Ends a task with the report of an analysis. A file that this program uploaded gets its comment first. */
  #finishAnalysed(task: Task, facts: FileFacts): StepOutcome {
    const isOurs = task.uploaded > 0;
    const needsComment = isOurs && this.#tools.settings.comment !== undefined && task.commented === 0;
    const state = isOurs ? 'analysed' : 'known';
    return this.#outcomes.finishWith(task, state, facts, needsComment ? { to: 'comment' } : {});
  }

  async #comment(task: Task): Promise<StepOutcome> {
    const { api, ask, settings } = this.#tools;
    const { comment } = settings;
    const { sha256 } = task;
    if (comment === undefined || sha256 === null) return { step: { to: 'done' } };
    const answer = await ask(() => api.comment(sha256, comment));
    if (answer.kind === 'ok' || answer.kind === 'exists') return { step: { to: 'done', commented: true } };
    // After a lost response it is sent again: VirusTotal rejects a comment that exists.
    return (
      this.#outcomes.unrelatedProblem(task, answer) ?? {
        step: { to: 'done', commented: true },
        problem: answer,
      }
    );
  }
}
