import { IhandlerError, permanent } from '../../../contract/error.ts';
import type { Handler, HandlerContext } from '../../../contract/handler.ts';
import type { Incident, UntypedData } from '../../../contract/incident.ts';
import {
  chainDepth,
  formatIncidentId,
  parseIncidentId,
  reportedStream,
} from '../../../contract/incident-id.ts';
import { createIncident } from '../../../incident/create-incident.ts';
import { plainCopy } from '../../../incident/immutable-data.ts';
import { type StateChange, type StateHolder, setOutside } from '../handler-state.ts';

/** How long a chain of reports that cause each other may be; a longer one is a loop. */
export const MAX_CHAIN = 8;

type Cause = Pick<Incident, 'id' | 'sensor'>;

/** Creates the incident that an instance reports: the n-th because of its cause. Throws a permanent error for too long a chain. */
export function reportedIncident(
  cause: Cause,
  instance: string,
  n: number | string,
  origin: string,
  data: UntypedData,
  timestamp: number,
): Incident {
  const { stream, ordinal } = parseIncidentId(cause.id);
  if (chainDepth(cause.id) >= MAX_CHAIN)
    throw permanent(
      `Expected a chain of at most ${MAX_CHAIN} reports that cause each other, found a longer one: ${origin} because of ${cause.id}.`,
    );
  const id = formatIncidentId(reportedStream(stream, instance, n), ordinal);
  return createIncident({ id, origin, timestamp, sensor: cause.sensor, data });
}

/** Throws `ORIGIN_UNDECLARED` or `INCIDENT_INVALID` unless the handler declares the origin and the data fits its schema. */
export function checkReport(handler: Handler, origin: string, data: unknown): void {
  const reports = handler.reports ?? {};
  const schema = Object.hasOwn(reports, origin) ? reports[origin] : undefined;
  if (schema === undefined)
    throw new IhandlerError(
      'ORIGIN_UNDECLARED',
      `${handler.name} reports ${origin}, which it does not declare: add it to its "reports" with a schema.`,
    );
  const result = schema['~standard'].validate(data);
  if (result instanceof Promise)
    throw new IhandlerError(
      'HANDLER_INVALID',
      `${handler.name}: the schema of ${origin} is asynchronous: use one that is not.`,
    );
  if (result.issues)
    throw new IhandlerError(
      'INCIDENT_INVALID',
      `${handler.name} reports ${origin} with data that does not fit its schema: ${result.issues.map(({ message }) => message).join('; ')}`,
    );
}

/** Whether a handler declares origins that it reports. */
export function isReporting({ reports }: Handler): boolean {
  return reports !== undefined && Object.keys(reports).length > 0;
}

/** What a delivery borrows. */
export interface Lent {
  readonly context: HandlerContext;
  /** Whether the handler called `report`, with or without success, or set its state. */
  readonly reported: boolean;
}

/** One delivery and its reports. */
interface Delivery extends Lent {
  reported: boolean;
  /** Undefined when it has ended. */
  causes: readonly Incident[] | undefined;
  reports: { readonly cause: string; readonly incident: Incident }[] | undefined;
  counts: Map<string, number> | undefined;
  problem: { readonly error: unknown } | undefined;
}

const nothing: readonly Incident[] = Object.freeze([]);

/** Collects what a handler reports in its deliveries, one after the other. */
export class ReportCollector {
  readonly #base: HandlerContext;
  readonly #handler: Handler;
  readonly #isReporting: boolean;
  readonly #state: StateHolder;
  #delivery: Delivery;

  /** Deliveries are lent `base` with a `report` and `state` of their own. */
  constructor(base: HandlerContext, handler: Handler, state: StateHolder) {
    this.#state = state;
    this.#base = base;
    this.#handler = handler;
    this.#isReporting = isReporting(handler);
    this.#delivery = this.#newDelivery();
  }

  /**
   * Begins the delivery of an incident, or of a batch, and lends it a context. The delivery before has ended: what it still
   * reports is refused. A handler that declares no reports is lent the same context again, whatever the causes.
   */
  begin(causes: readonly Incident[]): Lent {
    if (this.#isReporting) {
      this.#delivery.causes = undefined;
      this.#delivery = this.#newDelivery();
    }
    const delivery = this.#delivery;
    delivery.problem = undefined;
    delivery.reported = false;
    delivery.causes = causes;
    this.#state.discard();
    return delivery;
  }

  /** The reports since `begin`, in the order of the causes: ordinals rise. Throws what a report threw, awaited or not. */
  collected(): readonly Incident[] {
    const { problem, reports, causes } = this.#delivery;
    if (problem !== undefined) throw problem.error;
    if (reports === undefined || causes === undefined) return nothing;
    const place = new Map(causes.map(({ id }, index) => [id, index]));
    return reports
      .toSorted((a, b) => (place.get(a.cause) ?? 0) - (place.get(b.cause) ?? 0))
      .map(({ incident }) => incident);
  }

  /** The state that the delivery since `begin` has set. Call it when that has succeeded. */
  acceptState(): StateChange | undefined {
    return this.#state.accept();
  }

  /** Ends the delivery: later reports and states are refused. */
  end(): void {
    this.#state.discard();
    this.#delivery.causes = undefined;
  }

  #newDelivery(): Delivery {
    const delivery: Delivery = {
      context: Object.freeze({
        ...this.#base,
        report: (origin: string, data: unknown, options?: { readonly cause?: Cause }) =>
          this.#report(delivery, origin, data, options?.cause),
        state: this.#state.lend(() => {
          if (delivery.causes === undefined) throw setOutside(this.#base.instance);
          delivery.reported = true;
        }),
      }),
      reported: false,
      causes: undefined,
      reports: undefined,
      counts: undefined,
      problem: undefined,
    };
    return delivery;
  }

  /** Collects a report, or keeps what is wrong with it for the end of the delivery. */
  #report(delivery: Delivery, origin: string, data: unknown, cause: Cause | undefined): Promise<void> {
    delivery.reported = true;
    try {
      this.#collect(delivery, origin, data, cause);
      return Promise.resolve();
    } catch (error) {
      if (delivery.causes === undefined)
        this.#base.log.error('reported after the delivery ended', { origin });
      delivery.problem ??= { error };
      const rejected = Promise.reject(error);
      rejected.catch(() => undefined); // reported by `collected` or the log, also when the handler does not await it
      return rejected;
    }
  }

  #collect(delivery: Delivery, origin: string, data: unknown, given: Cause | undefined): void {
    const base = this.#base;
    const { instance } = base;
    if (delivery.causes === undefined)
      throw new IhandlerError(
        'LIFE_CYCLE',
        `${instance} reports with the context of a delivery that has ended: await the report, or use the context given to start.`,
      );
    // A copy: what the handler does with its own objects afterwards must not reach the others.
    const copy = plainCopy(data);
    checkReport(this.#handler, origin, copy);
    const cause = this.#causeOf(delivery.causes, given);
    delivery.counts ??= new Map();
    const n = delivery.counts.get(cause.id) ?? 0;
    delivery.counts.set(cause.id, n + 1);
    delivery.reports ??= [];
    // Safe: checkReport has just validated the data against the schema that the handler declares.
    const incident = reportedIncident(cause, instance, n, origin, copy as UntypedData, base.now());
    delivery.reports.push({ cause: cause.id, incident });
  }

  #causeOf(causes: readonly Incident[], given: Cause | undefined): Cause {
    const only = causes.length === 1 && !('write' in this.#handler) ? causes[0] : undefined;
    const cause = given ?? only;
    if (cause === undefined || !causes.some(({ id }) => id === cause.id))
      throw new IhandlerError(
        'HANDLER_INVALID',
        `${this.#base.instance} reports without a cause from the batch: pass { cause: incident }, so that a redelivery reports the same id.`,
      );
    return cause;
  }
}
