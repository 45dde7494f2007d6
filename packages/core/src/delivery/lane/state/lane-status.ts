import type { LaneStatus } from '../../dispatcher-options.ts';
import type { HandlerLifecycle } from '../handler-lifecycle.ts';
import type { LaneParts } from '../lane-parts.ts';
import type { LaneActivity } from './lane-activity.ts';
import type { UncaughtErrors } from './uncaught-errors.ts';

/** The status of a lane. */
export function statusOf(
  { handler, context, journal, cursor }: LaneParts,
  activity: LaneActivity,
  lifecycle: Pick<HandlerLifecycle, 'counters' | 'problem'>,
  uncaught: UncaughtErrors | undefined,
): LaneStatus {
  const own = activity.failure(cursor.position);
  const problem = own.failingSince === undefined ? lifecycle.problem() : undefined;
  return {
    instance: context.instance,
    handler: handler.name,
    state: activity.state.name,
    since: activity.since,
    ...cursor.progress(),
    counters: lifecycle.counters(),
    pending: Math.max(0, journal.bounds().last - cursor.position),
    ...(problem && { failure: problem.failure, failingSince: problem.since }),
    ...own,
    ...(uncaught && { uncaught }),
  };
}
