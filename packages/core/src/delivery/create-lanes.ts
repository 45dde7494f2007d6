import { join } from 'node:path';
import type { DispatcherOptions } from './dispatcher-options.ts';
import type { DispatcherParts } from './dispatcher-parts.ts';
import { HandlerReports } from './handler-reports.ts';
import type { LaneOptions } from './lane/create-lane-parts.ts';
import { Lane } from './lane/lane.ts';

/** What the lanes of a dispatcher share with it. */
export type SharedParts = Pick<
  DispatcherParts,
  'now' | 'log' | 'origins' | 'router' | 'retry' | 'mustBeOpen'
> &
  Pick<LaneOptions, 'events' | 'fedTo'>;

/** Creates a lane for each entry, in their order. */
export function createLanes(options: DispatcherOptions, shared: SharedParts): readonly Lane[] {
  const {
    journal,
    sensor,
    dataDir,
    batch = 1000,
    failFast = false,
    hide = (text: string) => text,
    fetch = globalThis.fetch,
    recorder,
  } = options;
  const { now, log, origins, router, retry, events, fedTo, mustBeOpen } = shared;
  const reports = new HandlerReports(sensor, now);
  return options.handlers.map((entry, index) => {
    const { instance = entry.handler.name } = entry;
    const context = {
      instance,
      sensor,
      dataDir: join(dataDir, instance),
      durable: journal.durable,
      log: log(instance),
      origins,
      now,
      fetch,
    };
    return new Lane({
      entry,
      index,
      context,
      journal,
      router,
      retry,
      batch,
      failFast,
      hide,
      events,
      reports,
      recorder,
      fedTo,
      mustBeOpen,
    });
  });
}
