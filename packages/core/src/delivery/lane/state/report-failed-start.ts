import { describeError } from '../../../contract/error.ts';
import type { HandlerReports } from '../../handler-reports.ts';
import type { LaneParts } from '../lane-parts.ts';

/** Logs that the handler of a lane has not started, and reports it to the other handlers. */
export function reportFailedStart(
  { context, handler, cursor, hide }: LaneParts,
  reports: HandlerReports,
  failure: string,
): void {
  context.log.error('start failed, retrying', { error: failure });
  cursor
    .append(reports.startFailed(context.instance, handler.name, hide(failure)))
    .catch((error: unknown) =>
      context.log.error('cannot report the failed start', { error: describeError(error) }),
    );
}
