import { describeError, type HandlerContext } from '@ihandler/core';
import { DAY, HOUR, MINUTE, SECOND } from '@ihandler/core/kit';
import type { VirusTotalApi } from '../api/api.ts';
import type { Answer, Problem } from '../api/classify-response.ts';
import type { Task } from '../backlog/task.ts';
import type { InstanceData } from '../instance-data.ts';
import type { Alarm } from './alarm.ts';
import { TaskRunner } from './task-runner.ts';

/** Longer than any upload, so that only the leases of dead processes expire. */
const LEASE = 45 * MINUTE;
/** The longest wait for the quota within a step. */
const LONGEST_QUOTA_WAIT = 2 * MINUTE;
/** After this many consecutive failures the service, not the file, is considered broken. */
const FAILURES_OF_SERVICE = 3;

/** What a worker needs. */
export interface WorkerTools {
  readonly data: InstanceData;
  readonly api: VirusTotalApi;
  readonly context: Pick<HandlerContext, 'report' | 'log' | 'now'>;
  /** The folders whose files may be uploaded. */
  readonly sampleFolders: () => readonly string[];
  readonly alarm: Alarm;
  readonly random: () => number;
  /** The longest sleep, in milliseconds: other processes may add files to the backlog. */
  readonly longestSleep: number;
}

/** The quota allows no request now. Nothing was sent. */
class QuotaExhausted extends Error {
  override readonly name = 'QuotaExhausted';
}

/** Whether a problem concerns more than one file. */
function isGeneral(problem: Problem): boolean {
  const { kind } = problem;
  return kind === 'key' || kind === 'quota' || (kind === 'temporary' && !problem.ofFile);
}

/** Works through the backlog, one request at a time, from {@link start} to {@link stop}. */
export class Worker {
  readonly #tools: WorkerTools;
  readonly #tasks: TaskRunner;
  #isStopped = false;
  #hasAskedForQuotas = false;
  /** Temporary problems in a row. */
  #failures = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(tools: WorkerTools) {
    const { data, api, context, sampleFolders, random } = tools;
    const { log, now } = context;
    this.#tools = tools;
    this.#tasks = new TaskRunner({
      ...{ api, settings: data.settings, sampleFolders, now, random, log },
      ask: (request) => this.#ask(request),
    });
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Starts the next turn now, because there are new tasks. */
  wake(): void {
    this.#tools.alarm.ring();
  }

  /** Resolves when the worker has stopped. The caller must end a request that is in progress. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { alarm, context, longestSleep } = this.#tools;
    let failures = 0;
    while (!this.#isStopped) {
      let idle: number;
      try {
        idle = await this.#turn();
        failures = 0;
      } catch (error) {
        if (this.#isStopped) return;
        failures += 1;
        idle = Math.min(5 * MINUTE, SECOND * 2 ** failures);
        context.log.warn('backlog not processed, retrying', { error: describeError(error) });
      }
      if (!this.#isStopped && idle > 0) await alarm.wait(Math.min(idle, longestSleep));
    }
  }

  /** Does the next piece of work. Returns how many milliseconds there is nothing to do. */
  async #turn(): Promise<number> {
    const { data, context } = this.#tools;
    const { backlog, outbox } = data;
    const { now, report } = context;
    backlog.tidy(now());
    await outbox.flush(report);
    const time = now();
    const due = backlog.nextAt() ?? Number.POSITIVE_INFINITY;
    if (due > time) return due - time;
    const allowedAt = this.#allowedAt();
    if (allowedAt > time) return allowedAt - time;
    await this.#updateQuotas();
    if (this.#allowedAt() > now()) return 0;
    await this.#runTask();
    await outbox.flush(report);
    return 0;
  }

  /** When the next request is allowed: now or later. */
  #allowedAt(): number {
    const { data, context } = this.#tools;
    return Math.max(data.cooldowns.until(), data.quota.availableAt('backlog', context.now()));
  }

  async #runTask(): Promise<void> {
    const { data, context } = this.#tools;
    const { log, now } = context;
    const task = data.backlog.lease(now(), now() + LEASE);
    if (task === undefined) return;
    try {
      const { step, problem } = await this.#tasks.run(task);
      if (this.#isStopped && problem?.kind === 'temporary') return this.#interrupt(task);
      data.backlog.settle(task, step, now());
      if (step.to === 'analysis') data.count('uploaded');
      this.#note(problem);
    } catch (error) {
      if (error instanceof QuotaExhausted) return data.backlog.settle(task, {}, now());
      log.error('processing a file failed, retrying', { error: describeError(error) });
      data.backlog.settle(task, { failed: true, nextAt: now() + 30 * MINUTE }, now());
    }
  }

  /** Ends a task whose request was interrupted because the program stops. This does not count as a failure. */
  #interrupt(task: Task): void {
    const { data, context } = this.#tools;
    data.backlog.settle(task, task.state === 'upload' ? { to: 'new', uploaded: true } : {}, context.now());
  }

  /** Sends a request within the quota. Throws {@link QuotaExhausted} when that needs a long wait. */
  async #ask<T>(request: () => Promise<Answer<T>>): Promise<Answer<T>> {
    const { data, alarm, context } = this.#tools;
    const { now } = context;
    let ticket = data.quota.take('backlog', now());
    // The second request of a step may wait for the next minute.
    while (ticket === undefined && !this.#isStopped) {
      const wait = data.quota.availableAt('backlog', now()) - now();
      if (wait > LONGEST_QUOTA_WAIT) throw new QuotaExhausted();
      await alarm.wait(wait);
      ticket = data.quota.take('backlog', now());
    }
    if (ticket === undefined) throw new QuotaExhausted();
    data.count('asked');
    const answer = await request();
    data.quota.settle(ticket, now());
    return answer;
  }

  /** Starts or ends a cooldown after a step. */
  #note(problem: Problem | undefined): void {
    const { data, context } = this.#tools;
    // A request that the stopping program interrupted says nothing about VirusTotal.
    if (this.#isStopped && problem?.kind === 'temporary') return;
    this.#failures = problem?.kind === 'temporary' ? this.#failures + 1 : 0;
    if (problem === undefined) data.cooldowns.clear();
    else if (isGeneral(problem) || this.#failures >= FAILURES_OF_SERVICE)
      data.cooldowns.start(problem, context.now());
    else context.log.info('file not processed', { response: problem.message });
  }

  /** Asks for the quotas of the key once a day, and after a start, when the key may be another one. */
  async #updateQuotas(): Promise<void> {
    const { data, api, context } = this.#tools;
    const { quota } = data;
    const { now } = context;
    if (now() - quota.learnedAt() < (this.#hasAskedForQuotas ? DAY : HOUR)) return;
    this.#hasAskedForQuotas = true;
    quota.learn({}, now());
    const answer = await this.#ask(() => api.overallQuotas());
    if (answer.kind === 'ok') return quota.learn(answer.value, now());
    // Some keys may not ask. Then the limits of the options apply.
    if (!isGeneral(answer)) return;
    quota.learn({}, now() - DAY + HOUR);
    this.#note(answer);
  }
}
