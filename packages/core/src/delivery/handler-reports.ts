import { randomBytes } from 'node:crypto';
import { describeError } from '../contract/error.ts';
import type { HandlerContext, ReportOptions } from '../contract/handler.ts';
import type { UntypedData } from '../contract/incident.ts';
import { formatIncidentId, parseIncidentId, reportedStream } from '../contract/incident-id.ts';
import type { Log } from '../contract/log.ts';
import { createIncident } from '../incident/create-incident.ts';
import type { HandlerEntry } from '../routing/handler-entry.ts';
import type { Lane } from './lane/lane-types.ts';
import { checkReport, reportedIncident } from './lane/report-collector.ts';

/** What reporting outside deliveries needs of the dispatcher. */
export interface OutsideHost {
  readonly sensor: string;
  now(): number;
  /** Throws when nothing can be reported. */
  mustBeOpen(): void;
  laneOf(instance: string): Lane;
  log(): Log;
}

/** What handlers report outside deliveries, and what is reported of them. */
export interface HandlerReports {
  /** The `report` of the context that a handler gets when it starts. */
  reporter(entry: HandlerEntry): HandlerContext['report'];
  /** Reports that a handler does not start. */
  startFailed(instance: string, handler: string, message: string): void;
}

/** Makes the reports of one life of the process. */
export function createHandlerReports(host: OutsideHost): HandlerReports {
  const { sensor, now } = host;
  /** Names this life of the process in the ids. */
  const lifeStream = randomBytes(9).toString('base64url');
  let counter = 0;

  async function report(
    { handler, instance = handler.name }: HandlerEntry,
    origin: string,
    data: unknown,
    { cause, place }: ReportOptions = {},
  ): Promise<void> {
    host.mustBeOpen();
    checkReport(handler, origin, data);
    counter += 1;
    // Safe: checkReport has just held the data against the schema that the handler declares.
    const plain = data as UntypedData;
    if (cause !== undefined) reportedIncident(cause, instance, 0, origin, plain, now()); // throws when the chain is too long
    const from = cause === undefined ? lifeStream : parseIncidentId(cause.id).stream;
    const id =
      place === undefined
        ? formatIncidentId(reportedStream(from, instance, lifeStream), counter)
        : formatIncidentId(reportedStream(place.stream, instance, 'outbox'), place.ordinal);
    await host
      .laneOf(instance)
      .report(createIncident({ id, origin, timestamp: now(), sensor: cause?.sensor ?? sensor, data: plain }));
  }

  return {
    reporter: (entry) => (origin: string, data: unknown, options?: ReportOptions) =>
      report(entry, origin, data, options),
    startFailed(instance, handler, message) {
      counter += 1;
      const id = formatIncidentId(reportedStream(lifeStream, instance, 'start'), counter);
      const data = { instance, handler, message, attempts: 1 };
      host
        .laneOf(instance)
        .report(createIncident({ id, origin: 'ihandler.handler.failed', timestamp: now(), sensor, data }))
        .catch((error: unknown) =>
          host
            .log()
            .error('cannot tell that a handler does not start', { instance, error: describeError(error) }),
        );
    },
  };
}
