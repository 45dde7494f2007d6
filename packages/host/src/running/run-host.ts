import { type Dispatcher, describeError, type LaneStatus } from '@ihandler/core';
import { pause } from '@ihandler/core/kit';
import type { HostPlan } from '../assembly/host-plan.ts';
import { instanceName, type PreparedHost, startHost } from '../assembly/prepare-host.ts';
import { type ControlServer, serveControl } from '../control/control-server.ts';
import { operatorMethods, resumeMethod } from '../control/operations.ts';
import { type HealthServer, healthAddress, serveHealth } from '../status/health-server.ts';
import { watchHost } from '../status/observe-host.ts';
import type { RunWalls } from '../walls/raise-walls.ts';
import { type Supervision, superviseSources } from './supervise-sources.ts';

/** How long a backlog may still be delivered after the signal to stop, in milliseconds. */
const DRAIN = 8000;
/** The least time that handlers get to close, in milliseconds. */
const CLOSE = 1000;
/** How long sources get to fail before the host counts as started, in milliseconds. */
const SETTLED = 100;

/** What runs, once everything is up. */
export interface StartedHost {
  readonly sensor: string;
  /** The data folder. Absolute. */
  readonly data: string;
  readonly journal: { readonly name: string; readonly file: string | undefined; readonly durable: boolean };
  /** The names of the live sources. */
  readonly sources: readonly string[];
  /** The names of the handlers' instances. */
  readonly ihandlers: readonly string[];
  /** Where `/health` and `/metrics` are; undefined when they are off. */
  readonly health: string | undefined;
}

/** Events of a run. */
export interface RunEvents {
  readonly onStarted?: (host: StartedHost) => void;
  /** The signal has aborted: sources stop, and the backlog is delivered for up to 8 seconds. */
  readonly onStopping?: () => void;
}

/** How a run ended. */
export interface RunResult {
  /** The lanes that still have pending incidents, with the failure they had when the run stopped. */
  readonly pending: readonly LaneStatus[];
  /** Whether the pending incidents are stored and will be delivered after the next start. */
  readonly durable: boolean;
  /** Whether the run ended because the journal failed: incidents could no longer be stored durably. */
  readonly journalFailed: boolean;
}

/** Resolves when a signal aborts. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Reopens the handlers' files, which another program may have renamed. A file that cannot be reopened stays in use. */
async function reopen(dispatcher: Dispatcher, { world }: HostPlan): Promise<void> {
  try {
    await dispatcher.reopen();
    world.log().info('reopened files');
  } catch (error) {
    world.log().error('cannot reopen files', { error: describeError(error) });
    throw error;
  }
}

function describeStarted(
  { plan, sensor, loaded, sources, handlers }: PreparedHost,
  health?: string,
): StartedHost {
  const { name, file, journal } = loaded;
  return {
    sensor,
    data: plan.dataDir,
    journal: { name, file, durable: journal.durable },
    sources: sources.map(({ instance }) => instance),
    ihandlers: handlers.map(instanceName),
    health,
  };
}

/** Stops the sources, delivers the backlog as far as time allows, and closes. Returns the lanes with pending incidents. */
async function stop(
  { dispatcher }: PreparedHost,
  sources: Pick<Supervision, 'done'>,
): Promise<readonly LaneStatus[]> {
  const inTime = AbortSignal.timeout(DRAIN);
  const until = performance.now() + DRAIN;
  await Promise.race([sources.done.catch(() => undefined), aborted(inTime)]);
  await dispatcher.drain({ stalledAfter: DRAIN, signal: inTime }).catch(() => undefined);
  const failures = new Map(dispatcher.status().map(({ instance, failure }) => [instance, failure]));
  await dispatcher.close({ within: Math.max(CLOSE, until - performance.now()) });
  return dispatcher.status().flatMap((lane) => {
    // A stopped lane has no failure any more.
    const failure = failures.get(lane.instance);
    return lane.pending > 0 ? [{ ...lane, ...(failure !== undefined && { failure }) }] : [];
  });
}

/** Runs a prepared host until the signal aborts, a command stops it, or the journal fails. */
export async function runHost(
  host: PreparedHost,
  walls: RunWalls,
  signal: AbortSignal,
  journalFailed: Promise<void>,
  events: RunEvents,
): Promise<RunResult> {
  const { dispatcher, plan, loaded } = host;
  const { world, configuration, dataDir } = plan;
  const stopCommand = new AbortController();
  const stopping = AbortSignal.any([signal, stopCommand.signal]);
  const sourcesStop = new AbortController();
  const finished = new AbortController();
  let supervision: Supervision | undefined;
  let health: HealthServer | undefined;
  let control: ControlServer | undefined;
  let lowerWalls: (() => void) | undefined;
  const result = (pending: readonly LaneStatus[], hasFailed = false): RunResult => ({
    pending,
    durable: loaded.journal.durable,
    journalFailed: hasFailed,
  });
  const watch = watchHost({
    host,
    sources: { status: () => supervision?.status() ?? [] },
    health: () => health?.url,
  });
  world.onReopen?.(() => reopen(dispatcher, plan).catch(() => undefined), finished.signal); // already logged
  try {
    control = await serveControl(dataDir, {
      ...operatorMethods(dispatcher),
      status: watch.status,
      reopen: () => reopen(dispatcher, plan),
      resume: resumeMethod(dispatcher, dataDir),
      stop: async () => stopCommand.abort(),
    });
    lowerWalls = walls.raise(dispatcher, host.handlers.map(instanceName));
    const address = healthAddress(configuration);
    if (address !== undefined) health = await serveHealth(address, watch.status);
    const opened = startHost(host);
    opened.catch(() => undefined); // thrown below, unless the host is stopped first
    const ended = Promise.race([
      aborted(stopping).then(() => 'stopped' as const),
      journalFailed.then(() => 'failed' as const),
    ]);
    const started = await Promise.race([opened, ended]);
    if (typeof started === 'string') return result([], started === 'failed');
    supervision = superviseSources(host.sources, { dispatcher, signal: sourcesStop.signal, log: world.log });
    // A port in use shows at once: then the host has not started.
    await Promise.race([supervision.done, pause(SETTLED, stopping)]);
    events.onStarted?.(describeStarted(host, health?.url));
    const neverEnds = new Promise<never>(() => undefined);
    const outcome = await Promise.race([
      ended,
      // Errors that need attention are thrown; a successful start does not end the run.
      started.starting.then(() => neverEnds),
      supervision.done,
    ]);
    if (outcome === 'failed') return result([], true);
    events.onStopping?.();
    sourcesStop.abort();
    return result(await stop(host, supervision));
  } finally {
    finished.abort();
    sourcesStop.abort();
    watch.close();
    await dispatcher.close({ within: CLOSE });
    await health?.close();
    await control?.close();
    lowerWalls?.();
  }
}
