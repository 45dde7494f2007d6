import { describeError, type HandlerContext } from '@ihandler/core';
import type { VirusTotalApi } from '../api/api.ts';
import type { Answer, Problem } from '../api/reaction.ts';
import type { Task } from '../backlog/backlog.ts';
import type { Alarm } from './alarm.ts';
import type { Desk } from './desk.ts';
import { createSteps } from './steps.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A lease is longer than any upload, so that only those of the dead expire. */
const LEASE = 45 * MINUTE;

/** What a worker needs. */
export interface WorkerTools {
  readonly desk: Desk;
  readonly api: VirusTotalApi;
  readonly context: Pick<HandlerContext, 'report' | 'log' | 'now'>;
  /** Folders from which files may be uploaded. */
  readonly folders: () => readonly string[];
  readonly alarm: Alarm;
  readonly random: () => number;
  /** How long it sleeps at most, in milliseconds: other processes may put something into the backlog. */
  readonly longestSleep: number;
}

/** Works through the backlog, one request at a time. */
export interface Worker {
  /** There is something to do. */
  wake(): void;
  /** Resolves when it has stopped. What is under way must have been ended. */
  stop(): Promise<void>;
}

/** The quota does not allow it now: nothing was sent. */
class NotNow extends Error {
  override readonly name = 'NotNow';
}

/** So many files in a row about which nothing sensible is answered: then it is not the files. */
const ODD = 3;

/** Whether a problem concerns more than the file that was asked about. */
function isGeneral(problem: Problem): boolean {
  const { kind } = problem;
  return kind === 'key' || kind === 'quota' || (kind === 'later' && !problem.ofFile);
}

/** Starts one. */
export function startWorker(tools: WorkerTools): Worker {
  const { desk, api, context, folders, alarm, random } = tools;
  const { backlog, quota, holds, outbox, settings } = desk;
  const { log, now } = context;
  let stopped = false;
  let hasLearned = false;
  let odd = 0;

  async function ask<T>(request: () => Promise<Answer<T>>): Promise<Answer<T>> {
    let ticket = quota.take('backlog', now());
    // The second request of a step may wait for the next minute, and for no longer.
    while (ticket === undefined && !stopped) {
      const wait = quota.availableAt('backlog', now()) - now();
      if (wait > 2 * MINUTE) throw new NotNow();
      await alarm.wait(wait);
      ticket = quota.take('backlog', now());
    }
    if (ticket === undefined) throw new NotNow();
    desk.count('asked');
    const answer = await request();
    quota.settle(ticket, now());
    return answer;
  }

  function note(problem: Problem | undefined): void {
    // What was cut off because the program ends says nothing of VirusTotal.
    if (stopped && problem?.kind === 'later') return;
    odd = problem?.kind === 'later' ? odd + 1 : 0;
    if (problem === undefined) holds.clear();
    else if (isGeneral(problem) || odd >= ODD) holds.on(problem, now());
    else log.info('VirusTotal answers', { answer: problem.message });
  }

  const perform = createSteps({ api, settings, folders, now, random, log, ask });

  async function learnQuotas(): Promise<void> {
    // After a start sooner, for the key may be another one.
    if (now() - quota.learnedAt() < (hasLearned ? DAY : HOUR)) return;
    hasLearned = true;
    quota.learn({}, now());
    const answer = await ask(() => api.overallQuotas());
    if (answer.kind === 'ok') return quota.learn(answer.value, now());
    // Some keys may not ask; then the limits of the options hold.
    if (!isGeneral(answer)) return;
    quota.learn({}, now() - DAY + HOUR);
    note(answer);
  }

  /** The end of this process cut a request off, which nobody is to blame for. */
  function cutOff(task: Task): void {
    backlog.settle(task, task.state === 'upload' ? { to: 'new', uploaded: true } : {}, now());
  }

  async function work(): Promise<void> {
    const task = backlog.lease(now(), now() + LEASE);
    if (task === undefined) return;
    try {
      const { step, problem } = await perform(task);
      if (stopped && problem?.kind === 'later') return cutOff(task);
      backlog.settle(task, step, now());
      if (step.to === 'analysis') desk.count('uploaded');
      note(problem);
    } catch (error) {
      if (!(error instanceof NotNow))
        log.error('a file could not be asked about', { error: describeError(error) });
      backlog.settle(
        task,
        error instanceof NotNow ? {} : { failed: true, nextAt: now() + 30 * MINUTE },
        now(),
      );
    }
  }

  /** Does what there is to do; answers how long there is nothing. */
  async function turn(): Promise<number> {
    backlog.tidy(now());
    await outbox.flush(context.report);
    const time = now();
    const due = backlog.nextAt();
    if (due === undefined || due > time) return (due ?? Number.POSITIVE_INFINITY) - time;
    const free = Math.max(holds.until(), quota.availableAt('backlog', time));
    if (free > time) return free - time;
    await learnQuotas();
    if (holds.until() > now() || quota.availableAt('backlog', now()) > now()) return 0;
    await work();
    await outbox.flush(context.report);
    return 0;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopped) {
      let idle: number;
      try {
        idle = await turn();
        failures = 0;
      } catch (error) {
        if (stopped) return;
        failures += 1;
        idle = Math.min(5 * MINUTE, 1000 * 2 ** failures);
        log.warn('the backlog waits', { error: describeError(error) });
      }
      if (!stopped && idle > 0) await alarm.wait(Math.min(idle, tools.longestSleep));
    }
  }

  const running = run();
  return {
    wake: () => alarm.ring(),
    async stop() {
      stopped = true;
      alarm.ring();
      await running;
    },
  };
}
