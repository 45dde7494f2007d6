import { IhandlerError, permanent } from '../../contract/error.ts';
import type { Handler, HandlerContext } from '../../contract/handler.ts';
import type { Incident, UntypedData } from '../../contract/incident.ts';
import { chainDepth, formatIncidentId, parseIncidentId, reportedStream } from '../../contract/incident-id.ts';
import { createIncident } from '../../incident/create-incident.ts';

/** How many handlers may report because of each other before it is called a loop. */
export const MAX_CHAIN = 8;

type Cause = Pick<Incident, 'id' | 'sensor'>;

/** Makes the incident that an instance reports: the n-th because of its cause. */
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
      `Reporting ${origin} would make a chain of more than ${MAX_CHAIN} reports because of each other: ${cause.id}.`,
    );
  const id = formatIncidentId(reportedStream(stream, instance, n), ordinal);
  return createIncident({ id, origin, timestamp, sensor: cause.sensor, data });
}

/** Throws unless the handler declares the origin and the data fits the schema it declares. */
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

/** Whether a handler declares anything that it reports. */
export function isReporting({ reports }: Handler): boolean {
  return reports !== undefined && Object.keys(reports).length > 0;
}

/** What a delivery is lent. */
export interface Lent {
  readonly context: HandlerContext;
  /** Whether anything was reported, well or not. */
  readonly reported: boolean;
}

/** Collects what is reported in a delivery. */
export interface Collector {
  /**
   * Begins the delivery of an incident, or of a batch, and lends it a context. The delivery before has ended: what it
   * still reports is refused. For a handler that declares no reports it is lent the same again, whatever the causes.
   */
  begin(causes: readonly Incident[]): Lent;
  /** What was reported since `begin`, in the order of the causes: ordinals rise. Throws what a report threw, awaited or not. */
  collected(): readonly Incident[];
  /** Ends the delivery: reports that come later are refused. */
  end(): void;
}

/** One delivery and what was reported in it. */
interface Delivery {
  readonly context: HandlerContext;
  reported: boolean;
  /** Undefined when it has ended. */
  causes: readonly Incident[] | undefined;
  reports: { readonly cause: string; readonly incident: Incident }[] | undefined;
  counts: Map<string, number> | undefined;
  problem: { readonly error: unknown } | undefined;
}

const nothing: readonly Incident[] = Object.freeze([]);

/** Lends `base` to the deliveries of an instance. */
export function createCollector(base: HandlerContext, handler: Handler): Collector {
  const reporting = isReporting(handler);
  let delivery: Delivery = newDelivery();

  function newDelivery(): Delivery {
    const context: HandlerContext = {
      ...base,
      report: (origin: string, data: unknown, options?: { readonly cause?: Cause }) =>
        take(made, origin, data, options?.cause),
    };
    const made: Delivery = {
      context,
      reported: false,
      causes: undefined,
      reports: undefined,
      counts: undefined,
      problem: undefined,
    };
    return made;
  }

  function causeOf(causes: readonly Incident[], told: Cause | undefined): Cause {
    const cause = told ?? (causes.length === 1 && !('write' in handler) ? causes[0] : undefined);
    if (cause === undefined || !causes.some(({ id }) => id === cause.id))
      throw new IhandlerError(
        'HANDLER_INVALID',
        `${base.instance} reports without a cause from the batch: pass { cause: incident }, so that a redelivery reports the same id.`,
      );
    return cause;
  }

  function collect(to: Delivery, origin: string, data: unknown, told: Cause | undefined): void {
    if (to.causes === undefined)
      throw new IhandlerError(
        'LIFE_CYCLE',
        `${base.instance} reports with the context of a delivery that has ended: await the report, or use the context given to start.`,
      );
    checkReport(handler, origin, data);
    const cause = causeOf(to.causes, told);
    to.counts ??= new Map();
    const n = to.counts.get(cause.id) ?? 0;
    to.counts.set(cause.id, n + 1);
    to.reports ??= [];
    // Safe: checkReport has just held the data against the schema that the handler declares.
    const incident = reportedIncident(cause, base.instance, n, origin, data as UntypedData, base.now());
    to.reports.push({ cause: cause.id, incident });
  }

  /** Collects a report, or keeps what is wrong with it for the end of the delivery. */
  function take(to: Delivery, origin: string, data: unknown, told: Cause | undefined): Promise<void> {
    to.reported = true;
    try {
      collect(to, origin, data, told);
      return Promise.resolve();
    } catch (error) {
      if (to.causes === undefined) base.log.error('reports because of a delivery that has ended', { origin });
      to.problem ??= { error };
      const rejected = Promise.reject(error);
      rejected.catch(() => undefined); // told through `collected` or the log, also when nobody awaits it
      return rejected;
    }
  }

  return {
    begin(causes) {
      if (reporting) {
        delivery.causes = undefined;
        delivery = newDelivery();
      }
      delivery.problem = undefined;
      delivery.reported = false;
      delivery.causes = causes;
      return delivery;
    },
    collected() {
      const { problem, reports, causes } = delivery;
      if (problem !== undefined) throw problem.error;
      if (reports === undefined || causes === undefined) return nothing;
      const place = new Map(causes.map(({ id }, index) => [id, index]));
      return reports
        .toSorted((a, b) => (place.get(a.cause) ?? 0) - (place.get(b.cause) ?? 0))
        .map(({ incident }) => incident);
    },
    end() {
      delivery.causes = undefined;
    },
  };
}
