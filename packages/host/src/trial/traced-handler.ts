import {
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
import { describeFailure } from '@ihandler/core/kit';

type WriteLine = (line: string) => void;

/** The longest value of an incident that is shown. */
const LONGEST = 60;

const outcomes = {
  temporary: 'temporary: retried until it succeeds',
  permanent: 'permanent: moved to dead letters',
  unknown: 'retried a few times, then moved to dead letters',
} as const;

function isConnection(value: object): value is { protocol: string; remote: { host: string; port: number } } {
  return 'protocol' in value && 'remote' in value && typeof value.remote === 'object';
}

function describe(value: Value): string {
  if (value instanceof Uint8Array) return `(${value.length} bytes)`;
  if (typeof value === 'object' && value !== null && isConnection(value))
    return `(${value.protocol} with ${value.remote.host}:${value.remote.port})`;
  const text = JSON.stringify(value) ?? '';
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** An incident in one line. */
function summarise({ origin, data }: Pick<Incident, 'origin' | 'data'>): string {
  const values = Object.entries(data).map(([key, value]) => ` ${key}=${describe(value)}`);
  return `${origin}${values.join('')}`;
}

/** A context that writes a line for each report. */
function traceContext(context: HandlerContext, writeLine: WriteLine): HandlerContext {
  return {
    ...context,
    async report(origin: string, data: Incident['data'], options?: ReportOptions) {
      writeLine(`    reports ${summarise({ origin, data })}`);
      await context.report(origin, data, options);
    },
  };
}

async function attempt(work: () => unknown, writeLine: WriteLine): Promise<void> {
  try {
    await work();
  } catch (error) {
    writeLine(`    fails: ${describeFailure(error)} (${outcomes[failureKind(error)]})`);
    throw error;
  }
}

function tracedListeners({ on }: ListeningHandler, writeLine: WriteLine): ListeningHandler['on'] {
  // Several listeners may get one incident: it is written once.
  let last: string | undefined;
  const traced = Object.entries(on).map(([glob, listen]): [string, Listener] => [
    glob,
    async (incident, context) => {
      if (last !== incident.id) writeLine(summarise(incident));
      last = incident.id;
      await attempt(
        () => listen(incident, traceContext(context, writeLine)),
        (line) => {
          last = undefined;
          writeLine(line);
        },
      );
    },
  ]);
  return Object.fromEntries(traced);
}

/**
 * The same handler, which writes a line for each incident it gets, each report and each failure; lines that belong to an
 * incident are indented. The handler must be valid.
 */
export function traceHandler(handler: Handler, writeLine: WriteLine): Handler {
  const base: HandlerBase = {
    contract: handler.contract,
    name: handler.name,
    ...(handler.reports && { reports: handler.reports }),
    async start(context) {
      try {
        await handler.start?.(traceContext(context, writeLine));
      } catch (error) {
        writeLine(`failed to start: ${describeFailure(error)}`);
        throw error;
      }
    },
    close: () => handler.close?.(),
    reopen: () => handler.reopen?.(),
  };
  if (!isWriting(handler)) return { ...base, on: tracedListeners(handler, writeLine) };
  return {
    ...base,
    accepts: handler.accepts,
    ...(handler.checkpoint && { checkpoint: () => handler.checkpoint?.() ?? {} }),
    async write(batch, checkpoint, context) {
      writeLine(batch.length === 1 ? 'writes one incident:' : `writes ${batch.length} incidents:`);
      for (const incident of batch) writeLine(`  ${summarise(incident)}`);
      await attempt(() => handler.write(batch, checkpoint, traceContext(context, writeLine)), writeLine);
    },
  };
}
