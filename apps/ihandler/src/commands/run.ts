import { type CommandArguments, type Dispatcher, describeError, type LaneStatus } from '@ihandler/core';
import { formatReject } from '@ihandler/core/kit';
import type { App, BuiltIn } from '../app.ts';
import { exitCodes } from '../exit-code.ts';
import { type PreparedHost, preparePlanned, startHost } from '../host/assembly/host.ts';
import { planHost } from '../host/assembly/host-plan.ts';
import { type ControlServer, serveControl } from '../host/control/control-server.ts';
import { operatorMethods } from '../host/control/operations.ts';
import { pauseFor } from '../host/running/pause-for.ts';
import { createRejectsKeeper } from '../host/running/reject-log.ts';
import { createSeldomLog } from '../host/running/seldom-log.ts';
import { type Supervision, superviseSources } from '../host/running/supervise-sources.ts';
import { type HealthServer, healthAddress, serveHealth } from '../host/status/health-server.ts';
import { watchHost } from '../host/status/observe-host.ts';
import { configOption } from './command-instances.ts';
import { startedLines, stoppedLines } from './run-messages.ts';

/** How long what was accepted may still be delivered after the signal to stop, in milliseconds. */
const DRAIN = 8000;
/** The least time that handlers get to close, in milliseconds. */
const CLOSE = 1000;

/** How long sources get to fail before all is said to have started, in milliseconds. */
const SETTLED = 100;

/** Resolves when a signal aborts. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Log files may have been renamed by others; one that cannot be opened again is told, and written on where it is. */
async function reopen(dispatcher: Dispatcher, app: App): Promise<void> {
  try {
    await dispatcher.reopen();
    app.log().info('files have been reopened');
  } catch (error) {
    app.log().error('cannot reopen', { error: describeError(error) });
    throw error;
  }
}

/** Ends sources, delivers what it can in time, and closes; answers what still waits. */
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
    // A lane that is closed does not say any more why it waits.
    const failure = failures.get(lane.instance);
    return lane.pending > 0 ? [{ ...lane, ...(failure !== undefined && { failure }) }] : [];
  });
}

/** A program that runs until it is told to stop. */
async function runHost(host: PreparedHost, app: App, journalFailed: Promise<void>): Promise<number> {
  const { dispatcher } = host;
  const toldToStop = new AbortController();
  const stopping = AbortSignal.any([app.host.signal, toldToStop.signal]);
  const sourcesStop = new AbortController();
  let supervision: Supervision | undefined;
  let health: HealthServer | undefined;
  let control: ControlServer | undefined;
  const watch = watchHost({
    host,
    sources: { status: () => supervision?.status() ?? [] },
    health: () => health?.url,
  });
  const finished = new AbortController();
  app.host.onReopen?.(() => reopen(dispatcher, app).catch(() => undefined), finished.signal); // it has been told
  try {
    control = await serveControl(host.dataDir, {
      ...operatorMethods(dispatcher),
      status: watch.status,
      reopen: () => reopen(dispatcher, app),
      stop: async () => toldToStop.abort(),
    });
    const address = healthAddress(host.configuration);
    if (address !== undefined) health = await serveHealth(address, watch.status);
    const opened = startHost(host, app);
    opened.catch(() => undefined); // thrown below, unless somebody stops it first
    const ended = Promise.race([aborted(stopping), journalFailed.then(() => 'failed' as const)]);
    const started = await Promise.race([opened, ended]);
    if (started === 'failed') return exitCodes.unusable;
    if (started === undefined) return exitCodes.ok;
    supervision = superviseSources(host.sources, { dispatcher, signal: sourcesStop.signal, log: app.log });
    // A port that cannot be had shows at once, and then nothing has started.
    await Promise.race([supervision.done, pauseFor(SETTLED, stopping)]);
    startedLines(host, health?.url).forEach(app.note);
    const neverEnds = new Promise<never>(() => undefined);
    const outcome = await Promise.race([
      ended,
      // What only the user can put right is thrown; that a start has succeeded is no reason to end.
      started.starting.then(() => neverEnds),
      supervision.done,
    ]);
    if (outcome === 'failed') return exitCodes.unusable;
    app.note('stopping: sources end, and what they brought is delivered');
    sourcesStop.abort();
    const left = await stop(host, supervision);
    stoppedLines(host, left).forEach(app.note);
    return exitCodes.ok;
  } finally {
    finished.abort();
    sourcesStop.abort();
    watch.close();
    await dispatcher.close({ within: CLOSE });
    await health?.close();
    await control?.close();
  }
}

async function runRun(args: CommandArguments, app: App): Promise<number> {
  const plan = planHost(args, app);
  const rejects = createRejectsKeeper(plan.dataDir, 'rejects-live');
  const warn = createSeldomLog(app.log);
  let hasFailed: () => void = () => undefined;
  const journalFailed = new Promise<void>((resolve) => {
    hasFailed = resolve;
  });
  const host = await preparePlanned(plan, app, {
    sources: true,
    async onReject(source, reject) {
      const { file, offset, reason } = reject;
      warn(source, 'has read what is no incident', { file, offset, reason });
      // A source does not stop for it: it has been counted and, here or there, its place told.
      await rejects
        .append(formatReject(reject))
        .catch((error: unknown) =>
          warn(source, 'what is no incident cannot be kept', { error: describeError(error), file, offset }),
        );
    },
    onDeadLetter: ({ instance, incident, reason, attempts }) =>
      warn(instance, 'has given up an incident: a dead letter', { incident: incident.id, reason, attempts }),
    onJournalFailed(error) {
      app.log().error('the journal can promise nothing any more: start the program again', {
        error: describeError(error),
      });
      app.host.exit?.(exitCodes.unusable);
      hasFailed();
    },
  });
  try {
    return await runHost(host, app, journalFailed);
  } finally {
    await rejects.close();
  }
}

/** `run`: takes in what live sources bring and delivers it, until it is told to stop. */
export const runCommand: BuiltIn = {
  name: 'run',
  summary: 'Run beside a live honeypot until told to stop: nothing that was accepted is lost',
  usage: '-c FILE.yaml',
  options: { config: configOption },
  examples: [['ihandler run -c my.yaml', 'what the configuration names; Ctrl-C or SIGTERM ends it']],
  run: runRun,
};
