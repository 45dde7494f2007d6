import {
  describeError,
  failureKind,
  type Handler,
  type HandlerBase,
  type HandlerContext,
  type Incident,
  isWriting,
  type Listener,
  type ListeningHandler,
  type ReportOptions,
  type Value,
} from '@ihandler/core';

type Tell = (line: string) => void;

/** The longest value of an incident that is shown. */
const LONGEST = 60;

const outcomes = {
  temporary: 'it is tried again until it works',
  permanent: 'it is given up at once, as the error says',
  unknown: 'it is tried a few times, then given up',
} as const;

function isConnection(value: object): value is { protocol: string; remote: { host: string; port: number } } {
  return 'protocol' in value && 'remote' in value && typeof value.remote === 'object';
}

function shown(value: Value): string {
  if (value instanceof Uint8Array) return `(${value.length} bytes)`;
  if (typeof value === 'object' && value !== null && isConnection(value))
    return `(${value.protocol} with ${value.remote.host}:${value.remote.port})`;
  const text = JSON.stringify(value) ?? '';
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** What an incident is about, in one line. */
function glance({ origin, data }: Pick<Incident, 'origin' | 'data'>): string {
  const values = Object.entries(data).map(([key, value]) => ` ${key}=${shown(value)}`);
  return `${origin}${values.join('')}`;
}

/** Lends a context that tells what is reported. */
function watching(context: HandlerContext, tell: Tell): HandlerContext {
  return {
    ...context,
    async report(origin: string, data: Incident['data'], options?: ReportOptions) {
      tell(`    reports ${glance({ origin, data })}`);
      await context.report(origin, data, options);
    },
  };
}

async function attempt(work: () => unknown, tell: Tell): Promise<void> {
  try {
    await work();
  } catch (error) {
    tell(`    fails: ${describeError(error)} (${outcomes[failureKind(error)]})`);
    throw error;
  }
}

function watchedListeners({ on }: ListeningHandler, tell: Tell): ListeningHandler['on'] {
  // Several listeners may get one incident: it is told once.
  let last: string | undefined;
  const watched = Object.entries(on).map(([glob, listen]): [string, Listener] => [
    glob,
    async (incident, context) => {
      if (last !== incident.id) tell(glance(incident));
      last = incident.id;
      await attempt(
        () => listen(incident, watching(context, tell)),
        (line) => {
          last = undefined;
          tell(line);
        },
      );
    },
  ]);
  return Object.fromEntries(watched);
}

/**
 * The same handler, telling everything it gets, reports and fails with, a line each; lines that belong to an incident are
 * indented. It must be one that a dispatcher takes.
 */
export function watchHandler(handler: Handler, tell: Tell): Handler {
  const base: HandlerBase = {
    contract: handler.contract,
    name: handler.name,
    ...(handler.reports && { reports: handler.reports }),
    async start(context) {
      try {
        await handler.start?.(watching(context, tell));
      } catch (error) {
        tell(`does not start: ${describeError(error)}`);
        throw error;
      }
    },
    close: () => handler.close?.(),
    reopen: () => handler.reopen?.(),
  };
  if (!isWriting(handler)) return { ...base, on: watchedListeners(handler, tell) };
  return {
    ...base,
    accepts: handler.accepts,
    ...(handler.checkpoint && { checkpoint: () => handler.checkpoint?.() ?? {} }),
    async write(batch, checkpoint, context) {
      tell(batch.length === 1 ? 'writes one incident:' : `writes ${batch.length} incidents at once:`);
      for (const incident of batch) tell(`  ${glance(incident)}`);
      await attempt(() => handler.write(batch, checkpoint, watching(context, tell)), tell);
    },
  };
}
