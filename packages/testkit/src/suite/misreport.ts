import { type Handler, type Incident, isWriting, type ReportOptions } from '@ihandler/core';
import { soundReports } from './schemas.ts';

/** A report that the contract does not allow. */
export interface Misreport {
  readonly kind: 'undeclared' | 'cause' | 'late';
  readonly message: string;
}

interface Attempt {
  readonly origin: string;
  readonly data: unknown;
  readonly options: ReportOptions | undefined;
  /** The incidents being delivered; undefined outside deliveries. */
  readonly batch: readonly Incident[] | undefined;
  /** Whether the delivery to which the context belongs has ended. */
  readonly isLate: boolean;
}

/** The rule that a report breaks; undefined when it is allowed. */
export function misreportOf(
  handler: Handler,
  { origin, data, options, batch, isLate }: Attempt,
): Misreport | undefined {
  if (isLate)
    return {
      kind: 'late',
      message: `${origin} was reported with the context of a delivery that had ended: await the report before you return, or use the context of start()`,
    };
  const reports = soundReports(handler);
  const schema = Object.hasOwn(reports, origin) ? reports[origin] : undefined;
  if (schema === undefined)
    return {
      kind: 'undeclared',
      message: `${origin} was reported but is not declared: add it to "reports" with a schema`,
    };
  const result = schema['~standard'].validate(data);
  if (!(result instanceof Promise) && result.issues !== undefined) {
    const issues = result.issues.map(({ message }) => message).join('; ');
    return {
      kind: 'undeclared',
      message: `${origin} was reported with data that does not fit its schema: ${issues}`,
    };
  }
  const cause = options?.cause;
  const isMissing =
    batch !== undefined &&
    (cause === undefined ? isWriting(handler) : !batch.some(({ id }) => id === cause.id));
  if (isMissing)
    return {
      kind: 'cause',
      message: `${origin} was reported without a cause from the batch: pass { cause: incident }, so that a redelivery reports the same id`,
    };
  return undefined;
}
