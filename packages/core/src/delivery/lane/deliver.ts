import { describeError, failureKind } from '../../contract/error.ts';
import type { HandlerContext, MaybePromise } from '../../contract/handler.ts';
import type { Incident } from '../../contract/incident.ts';
import { chainDepth } from '../../contract/incident-id.ts';
import { backoffDelay, pause, type RetryPolicy } from '../../timing/retry.ts';
import type { Attempts, Outcome } from './attempt.ts';
import type { LaneCursor } from './lane-cursor.ts';
import { type Batch, part, positionAt } from './lane-queue.ts';
import { MAX_CHAIN, reportedIncident } from './report-collector.ts';

/** What delivering needs of its lane. */
export interface DeliveryHost {
  readonly attempts: Attempts;
  readonly ledger: LaneCursor;
  readonly retry: Required<RetryPolicy>;
  readonly context: HandlerContext;
  /** Under which name dead letters are kept: the instance, or a replay of it. */
  readonly instance: string;
  /** The handler's name. */
  readonly handler: string;
  /** Whether a failed batch may be tried one by one. */
  readonly writing: boolean;
  /** Positions that are dead letters already: they stay dead. */
  readonly deadPositions: Set<number>;
  /** Makes the counts durable, however long it takes; throws only when the lane is stopped. */
  commit(): MaybePromise<void>;
  /** Says what the lane is doing. */
  enter(state: 'working' | 'retrying', failure?: string): void;
  /** Aborts when other work waits for the lane's turn: what has to wait is given back then. */
  wanted(): AbortSignal;
  /** Told of a failure that passes: then the batch is given back at once. Absent: the lane waits and tries it again. */
  giveWay?(error: unknown): void;
}

/** What the other handlers are told of a dead letter; nothing when that would go in circles. */
function failedReport(
  host: DeliveryHost,
  incident: Incident,
  message: string,
  attempts: number,
): readonly Incident[] {
  if (incident.origin === 'ihandler.handler.failed' || chainDepth(incident.id) >= MAX_CHAIN) return [];
  const { instance, now } = host.context;
  const data = {
    instance,
    handler: host.handler,
    origin: incident.origin,
    incident: incident.id,
    message,
    attempts,
  };
  return [reportedIncident(incident, instance, 'failed', 'ihandler.handler.failed', data, now())];
}

/** Gives the first incident of a batch up. */
async function bury(host: DeliveryHost, batch: Batch, error: unknown, attempts: number): Promise<void> {
  const [incident, position] = [batch.incidents[0], positionAt(batch, 0)];
  if (incident === undefined || position === undefined) return;
  const { context, ledger } = host;
  const reason = describeError(error);
  context.log.error('gives an incident up', {
    origin: incident.origin,
    incident: incident.id,
    reason,
    attempts,
  });
  ledger.account(position, 0, 1);
  const letter = { instance: host.instance, position, incident, reason, attempts, at: context.now() };
  ledger.owe(failedReport(host, incident, reason, attempts), [letter]);
  await host.commit();
}

/** Acknowledges the first of a batch, which is stored, and whose reports cannot be had: as a dead letter it would be stored twice. */
async function goWithoutReports(host: DeliveryHost, batch: Batch, error: unknown): Promise<void> {
  const incident = batch.incidents[0]?.id;
  host.context.log.error('has stored an incident and cannot report because of it', {
    incident,
    error: describeError(error),
  });
  await acknowledge(host, batch, { done: 1, reports: [] });
}

/** Acknowledges the first `done` of a batch. */
function acknowledge(
  host: DeliveryHost,
  batch: Batch,
  { done, reports, written }: Outcome,
): MaybePromise<void> {
  const next = positionAt(batch, done);
  if (written !== undefined) host.ledger.wrote(written);
  host.ledger.account(next === undefined ? batch.through : next - 1, done, 0);
  host.ledger.owe(reports, []);
  return host.commit();
}

/** Waits; whether something else was to be done in between. */
async function isWanted({ wanted, context }: DeliveryHost, milliseconds: number): Promise<boolean> {
  const signal = wanted();
  await pause(milliseconds, AbortSignal.any([signal, context.signal]));
  return signal.aborted;
}

/**
 * Delivers a batch: returns when each of it is handled or a dead letter, when the lane is stopped, or when what is left is
 * given back because it has to wait: it lies beyond the ledger's position.
 */
export async function deliver(host: DeliveryHost, whole: Batch): Promise<void> {
  const { attempts, ledger, retry, context, deadPositions: dead } = host;
  const { signal } = context;
  let batch = whole;
  let singly = false;
  let tries = 0;
  let failures = 0;
  while (batch.incidents.length > 0 && !signal.aborted) {
    const position = positionAt(batch, 0);
    if (position !== undefined && dead.delete(position)) {
      ledger.account(position, 0, 1);
      batch = part(batch, 1);
      continue;
    }
    // With dead letters about, one by one: a batch must not take them along.
    const outcome = await attempts.attempt(batch, singly || dead.size > 0);
    if (outcome.done > 0) {
      const acknowledging = acknowledge(host, batch, outcome);
      if (acknowledging instanceof Promise) await acknowledging;
      batch = part(batch, outcome.done);
      tries = failures = 0;
      host.enter('working');
    }
    if (outcome.failure === undefined) continue;
    if (signal.aborted) return;
    const { error } = outcome.failure;
    const kind = failureKind(error);
    if (kind !== 'temporary' && host.writing && !singly && batch.incidents.length > 1) {
      singly = true;
      continue;
    }
    if (outcome.owed) tries = 0;
    else if (kind === 'unknown') tries += 1;
    if (!outcome.owed && (kind === 'permanent' || (kind === 'unknown' && tries >= retry.attempts))) {
      if (outcome.stored) await goWithoutReports(host, batch, error);
      else await bury(host, batch, error, failures + 1);
      batch = part(batch, 1);
      tries = failures = 0;
      continue;
    }
    if (kind === 'temporary' && host.giveWay !== undefined) return host.giveWay(error);
    if (failures === 0) context.log.warn('tries again', { error: describeError(error) });
    host.enter('retrying', describeError(error));
    const wait = backoffDelay(retry, failures, error);
    if (kind !== 'temporary') await pause(wait, signal);
    else if (await isWanted(host, wait)) return;
    failures += 1;
  }
  if (batch.incidents.length === 0 && batch.through > ledger.cursor().position)
    ledger.account(batch.through, 0, 0);
}
