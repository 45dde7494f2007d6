import type { Dispatcher } from '@ihandler/core';
import type { HostPlan } from '../assembly/host-plan.ts';
import type { Settings } from '../configuration/configuration-schema.ts';
import type { CompleteWorld } from '../world.ts';
import { guardExit } from './guard-exit.ts';
import { countLastEnd, forgetLastEnd, lastEndFile } from './handler-ends.ts';
import { type CallRecorder, InFlightFile } from './in-flight-file.ts';
import { BLOCKED_AFTER, startWatchdog } from './watchdog.ts';

/** After how many ends of the process a handler is paused, unless the configuration says otherwise. */
const ENDS = 3;

/** What a host needs of its surroundings to contain its handlers. */
export type WallsWorld = Pick<CompleteWorld, 'onUncaught' | 'onBlocked' | 'blockedExitCode' | 'log'>;

/** How a host contains its handlers. */
export interface WallsOptions {
  /** How long the event loop may be blocked, in milliseconds; undefined for no watchdog. */
  readonly blocked: number | undefined;
  /** Where to note why the process ends. @default nowhere */
  readonly note?: string;
  /** The file that says which handler has which position. @default none */
  readonly inFlight?: string;
}

/**
 * Attributes what escapes from handlers and sources to them, and watches the event loop, until the returned function is
 * called.
 */
export function raiseWalls(
  dispatcher: Pick<Dispatcher, 'running' | 'uncaught'>,
  world: WallsWorld,
  { blocked, note, inFlight }: WallsOptions,
): () => void {
  const lowered = new AbortController();
  const running = () => dispatcher.running();
  world.onUncaught?.((error) => dispatcher.uncaught(error) !== undefined, lowered.signal);
  const stopWatchdog =
    blocked === undefined
      ? () => undefined
      : startWatchdog({
          blocked,
          running,
          exitCode: world.blockedExitCode,
          log: world.log(),
          ...(note !== undefined && { note }),
          ...(inFlight !== undefined && { inFlight }),
          ...(world.onBlocked && { onBlocked: world.onBlocked }),
        });
  const restoreExit = guardExit(() => running()?.instance);
  return () => {
    restoreExit();
    stopWatchdog();
    lowered.abort();
  };
}

/** The walls of a host that runs for long: it remembers how its processes ended. */
export interface RunWalls {
  /** Why handlers are paused, by instance. */
  readonly paused: Readonly<Record<string, string>>;
  readonly recorder: CallRecorder | undefined;
  /** Raises them around these instances. Call the result when everything is closed. */
  raise(dispatcher: Dispatcher, instances: readonly string[]): () => void;
}

/** The limits that a configuration sets; undefined when the watchdog is off. */
export function watchdogLimits({ watchdog }: Pick<Settings, 'watchdog'>) {
  if (watchdog === 'off' || watchdog === false) return undefined;
  return { blocked: watchdog?.blocked ?? BLOCKED_AFTER, ends: watchdog?.ends ?? ENDS };
}

/** Finds out which handlers have ended earlier processes, before any handler of this one is loaded. */
export function planWalls({ configuration, dataDir, world }: HostPlan): RunWalls {
  const limits = watchdogLimits(configuration);
  if (limits === undefined)
    return {
      paused: {},
      recorder: undefined,
      raise: (dispatcher) => raiseWalls(dispatcher, world, { blocked: undefined }),
    };
  const ends = countLastEnd(dataDir, limits.ends);
  const paused = Object.fromEntries(
    Object.entries(ends).flatMap(([instance, { paused: found }]) =>
      found ? [[instance, found.reason]] : [],
    ),
  );
  const recorder = new InFlightFile(dataDir);
  return {
    paused,
    recorder,
    raise(dispatcher, instances) {
      recorder.open(instances);
      for (const instance of instances)
        if (paused[instance] !== undefined)
          world.log(instance).error('handler is paused', {
            reason: `it ${paused[instance]}`,
            resume: `ihandler resume ${instance}`,
          });
      const lower = raiseWalls(dispatcher, world, {
        blocked: limits.blocked,
        note: lastEndFile(dataDir),
        inFlight: recorder.path,
      });
      return () => {
        lower();
        recorder.close();
        forgetLastEnd(dataDir);
      };
    },
  };
}
