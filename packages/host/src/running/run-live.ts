import { describeError, type Reject } from '@ihandler/core';
import { createThrottledLog, formatReject, type ThrottledLog } from '@ihandler/core/kit';
import type { HostPlan } from '../assembly/host-plan.ts';
import { prepareHost } from '../assembly/prepare-host.ts';
import { planWalls } from '../walls/raise-walls.ts';
import { refuseOwnInput } from './refuse-own-output.ts';
import { createRejectLog } from './reject-log.ts';
import { type RunEvents, type RunResult, runHost } from './run-host.ts';

/** One throttled log for each instance and source. */
function createThrottledLogs({ world }: HostPlan) {
  const logs = new Map<string, ThrottledLog>();
  return {
    warn(name: string, message: string, details: Readonly<Record<string, unknown>>): void {
      const known = logs.get(name) ?? createThrottledLog(world.log(name).warn);
      logs.set(name, known);
      known.log(message, details);
    },
    flush(): void {
      for (const log of logs.values()) log.flush();
    },
  };
}

/**
 * Runs the live sources and handlers of a plan until the signal aborts. Rejected input goes to `rejects-live.ndjson` in the
 * data folder. Throws for errors that need the user's attention at startup.
 */
export async function runLive(plan: HostPlan, signal: AbortSignal, events: RunEvents): Promise<RunResult> {
  const { world, dataDir } = plan;
  refuseOwnInput(plan);
  const rejects = createRejectLog(dataDir, 'rejects-live');
  const throttled = createThrottledLogs(plan);
  let fail: () => void = () => undefined;
  const journalFailed = new Promise<void>((resolve) => {
    fail = resolve;
  });
  async function onReject(source: string, reject: Reject): Promise<void> {
    const { file, offset, reason } = reject;
    throttled.warn(source, 'rejected invalid input', { file, offset, reason });
    // The source continues: the reject is counted and its position is logged.
    await rejects
      .append(formatReject(reject))
      .catch((error: unknown) =>
        throttled.warn(source, 'cannot store rejected input', { error: describeError(error), file, offset }),
      );
  }
  try {
    const walls = planWalls(plan);
    const host = await prepareHost(plan, {
      sources: true,
      walls,
      onReject,
      onDeadLetter: ({ instance, incident, reason, attempts }) =>
        throttled.warn(instance, 'moved incident to dead letters', {
          incident: incident.id,
          reason,
          attempts,
        }),
      onJournalFailed(error) {
        world.log().error('journal failed: incidents can no longer be stored durably; shutting down', {
          error: describeError(error),
        });
        world.exit?.();
        fail();
      },
    });
    return await runHost(host, walls, signal, journalFailed, events);
  } finally {
    throttled.flush();
    await rejects.close();
  }
}
