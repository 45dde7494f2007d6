import { backoffDelay, DAY, HOUR, SECOND } from '@ihandler/core/kit';
import type { Problem } from '../api/classify-response.ts';
import type { FileFacts } from '../api/file-report.ts';
import type { Verdict, VerdictState } from '../api/verdict.ts';
import { type Hashes, hashesOf, type Step, type Task } from '../backlog/task.ts';
import type { Settings } from '../options.ts';

/** With fewer opinions than this, a verdict is preliminary. */
const FEW_ENGINES = 10;

/** The result of a step: the changes to its task, and the problem that occurred. */
export interface StepOutcome {
  readonly step: Step;
  readonly problem?: Problem;
}

/** What outcomes depend on. */
export interface OutcomeContext {
  readonly settings: Pick<Settings, 'recheck'>;
  readonly now: () => number;
  readonly random: () => number;
}

/** The delay in milliseconds that a problem asks for; 0 when it asks for none. */
export function requestedDelay(problem: Problem): number {
  return problem.kind === 'temporary' ? (problem.retryAfter ?? 0) : 0;
}

/** Builds the outcomes of steps. */
export class Outcomes {
  readonly #context: OutcomeContext;

  constructor(context: OutcomeContext) {
    this.#context = context;
  }

  /** Retries a task with increasing delays. `step` overrides parts of the step. */
  retryLater(task: Task, problem: Problem, step: Step = {}): StepOutcome {
    const { now, random } = this.#context;
    const delay = backoffDelay(
      { base: 30 * SECOND, cap: 6 * HOUR, jitter: 0.5 },
      task.failures,
      undefined,
      random,
    );
    const nextAt = now() + Math.max(delay, requestedDelay(problem));
    return { step: { failed: true, nextAt, ...step }, problem };
  }

  /** The outcome of a problem that says nothing about the file: the task is retried. Undefined for other problems. */
  unrelatedProblem(task: Task, problem: Problem): StepOutcome | undefined {
    if (problem.kind === 'key' || problem.kind === 'quota') return { step: {}, problem };
    return problem.kind === 'temporary' ? this.retryLater(task, problem) : undefined;
  }

  /** Ends a task without a report of VirusTotal. */
  finishWithout(task: Task, state: VerdictState, reason: string, more?: Hashes): StepOutcome {
    return this.#finish(task, { ...hashesOf(task, more), state, reason, askedAt: this.#context.now() });
  }

  /** Ends a task with a report of VirusTotal. `step` overrides parts of the step. */
  finishWith(task: Task, state: VerdictState, facts: FileFacts, step?: Step): StepOutcome {
    const reason = facts.analysedAt === undefined ? { reason: 'analysis did not finish' } : {};
    const hashes = hashesOf(task, facts);
    const verdict = { ...facts, ...hashes, ...reason, state, askedAt: this.#context.now() };
    return this.#finish(task, verdict, { ...hashes, ...step });
  }

  /** A preliminary verdict is followed by one recheck. */
  #finish(task: Task, verdict: Verdict, step: Step = {}): StepOutcome {
    const { now, settings } = this.#context;
    const needsRecheck = this.#isPreliminary(verdict) && task.recheck_at === null;
    return {
      step: { to: 'done', verdict, ...(needsRecheck && { recheckAt: now() + settings.recheck }), ...step },
    };
  }

  /** Others may submit a file to VirusTotal that it does not know today. */
  #isPreliminary({ state, firstSeenAt, engines = 0 }: Verdict): boolean {
    if (state === 'analysed' || state === 'unknown') return true;
    const isNew = (firstSeenAt ?? 0) > this.#context.now() - DAY;
    return state === 'known' && (engines < FEW_ENGINES || isNew);
  }
}
