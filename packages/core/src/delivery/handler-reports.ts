import { randomBytes } from 'node:crypto';
import type { Handler, ReportOptions } from '../contract/handler.ts';
import type { Incident, UntypedData } from '../contract/incident.ts';
import { formatIncidentId, parseIncidentId, reportedStream } from '../contract/incident-id.ts';
import { createIncident } from '../incident/create-incident.ts';
import { plainCopy } from '../incident/immutable-data.ts';
import { checkReport, reportedIncident } from './lane/attempts/report-collector.ts';

/** Creates the incidents that handlers report outside deliveries, and those about handlers, for one life of the process. */
export class HandlerReports {
  readonly #sensor: string;
  readonly #now: () => number;
  /** Names this life of the process in the ids. */
  readonly #lifeStream = randomBytes(9).toString('base64url');
  #counter = 0;

  /** `sensor` is the name for reports without a cause; `now` returns milliseconds since the Unix epoch. */
  constructor(sensor: string, now: () => number) {
    this.#sensor = sensor;
    this.#now = now;
  }

  /**
   * Creates what an instance reports with the context given to `start`. Throws when the handler does not declare the
   * origin, when the data does not fit, and for a chain of reports that is too long.
   */
  create(
    handler: Handler,
    instance: string,
    origin: string,
    data: unknown,
    { cause, place }: ReportOptions = {},
  ): Incident {
    // A copy: what the handler does with its own objects afterwards must not reach the others.
    const copy = plainCopy(data);
    checkReport(handler, origin, copy);
    // Safe: checkReport has just validated the data against the schema that the handler declares.
    const plain = copy as UntypedData;
    const timestamp = this.#now();
    if (cause !== undefined) reportedIncident(cause, instance, 0, origin, plain, timestamp); // throws for too long a chain
    const from = cause === undefined ? this.#lifeStream : parseIncidentId(cause.id).stream;
    const sensor = cause?.sensor ?? this.#sensor;
    const id =
      place === undefined
        ? formatIncidentId(reportedStream(from, instance, this.#lifeStream), this.#next())
        : formatIncidentId(reportedStream(place.stream, instance, 'outbox'), place.ordinal);
    return createIncident({ id, origin, timestamp, sensor, data: plain });
  }

  /** Creates the report of a first start that failed. */
  startFailed(instance: string, handler: string, message: string): Incident {
    return createIncident({
      id: formatIncidentId(reportedStream(this.#lifeStream, instance, 'start'), this.#next()),
      origin: 'ihandler.handler.failed',
      timestamp: this.#now(),
      sensor: this.#sensor,
      data: { instance, handler, message, attempts: 1 },
    });
  }

  #next(): number {
    this.#counter += 1;
    return this.#counter;
  }
}
