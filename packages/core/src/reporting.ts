import { createIncident } from './create-incident.ts';
import { IhandlerError, permanent } from './error.ts';
import type { Handler, HandlerContext } from './handler.ts';
import type { Incident, UntypedData } from './incident.ts';
import { chainDepth, formatIncidentId, parseIncidentId, reportedStream } from './incident-id.ts';

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

/** The context of a delivery, whose reports are collected. */
export interface Collector {
  readonly context: HandlerContext;
  /** Says which incident is being handled, or which batch. */
  begin(causes: readonly Incident[]): void;
  /** Whether anything was reported since the last `begin`, well or not. */
  hasReports(): boolean;
  /** What was reported since the last `begin`, in the order of the causes: ordinals rise. Throws what a report threw, awaited or not. */
  collected(): readonly Incident[];
  /** Ends the delivery: reports that come later throw. */
  end(): void;
}

const nothing: readonly Incident[] = Object.freeze([]);

/** Lends `base` to a delivery of an instance. */
export function createCollector(base: HandlerContext, handler: Handler): Collector {
  let causes: readonly Incident[] | undefined;
  let reports: { readonly cause: string; readonly incident: Incident }[] | undefined;
  let counts: Map<string, number> | undefined;
  let problem: { readonly error: unknown } | undefined;

  function causeOf(told: Cause | undefined): Cause {
    if (causes === undefined)
      throw new IhandlerError(
        'LIFE_CYCLE',
        `${base.instance} reports with the context of a delivery that has ended: await the report, or use the context given to start.`,
      );
    const cause = told ?? (causes.length === 1 && !('write' in handler) ? causes[0] : undefined);
    if (cause === undefined || !causes.some(({ id }) => id === cause.id))
      throw new IhandlerError(
        'HANDLER_INVALID',
        `${base.instance} reports without a cause from the batch: pass { cause: incident }, so that a redelivery reports the same id.`,
      );
    return cause;
  }

  function collect(origin: string, data: unknown, told: Cause | undefined): void {
    const cause = causeOf(told);
    checkReport(handler, origin, data);
    counts ??= new Map();
    const n = counts.get(cause.id) ?? 0;
    counts.set(cause.id, n + 1);
    reports ??= [];
    // Safe: checkReport has just held the data against the schema that the handler declares.
    const incident = reportedIncident(cause, base.instance, n, origin, data as UntypedData, base.now());
    reports.push({ cause: cause.id, incident });
  }

  const context: HandlerContext = {
    ...base,
    report(origin: string, data: unknown, options?: { readonly cause?: Cause }) {
      try {
        collect(origin, data, options?.cause);
        return Promise.resolve();
      } catch (error) {
        problem ??= { error };
        const rejected = Promise.reject(error);
        rejected.catch(() => undefined); // told through `collected`, also when the listener does not await it
        return rejected;
      }
    },
  };

  return {
    context,
    begin(begun) {
      causes = begun;
      reports = counts = problem = undefined;
    },
    hasReports: () => reports !== undefined || problem !== undefined,
    collected() {
      if (problem !== undefined) throw problem.error;
      if (reports === undefined || causes === undefined) return nothing;
      const place = new Map(causes.map(({ id }, index) => [id, index]));
      return reports
        .toSorted((a, b) => (place.get(a.cause) ?? 0) - (place.get(b.cause) ?? 0))
        .map(({ incident }) => incident);
    },
    end() {
      causes = undefined;
    },
  };
}
