import { type HandlerContext, IhandlerError, type Incident, type Level, type Origins } from '@ihandler/core';
import { type AppendResult, createLogFile, type LogFile } from './log-file.ts';
import type { LogSettings } from './options.ts';

/** How many origins a filter caches: declared ones, and space for others. */
const CACHED_ORIGINS = 1000;

/** The lines of a batch for one log. */
export interface Lines {
  readonly ids: readonly string[];
  /** One for each id, each with its newline. */
  readonly lines: readonly string[];
}

/** One log: its filter, its format and its file. */
export interface TextLog {
  /** Whether incidents of an origin pass the filter. */
  wants(origin: string, origins: Origins): boolean;
  /** The lines of the incidents that pass, except those already written by a failed attempt. Writes nothing. */
  linesOf(batch: readonly Incident[], origins: Origins): Lines;
  /** Appends the lines; see {@link LogFile.append}. */
  write(lines: Lines): Promise<AppendResult>;
  /** Remembers written lines of a batch that failed, here or in another log, so that a retry does not repeat them. */
  remember(ids: readonly string[]): void;
  /** Forgets the ids of a batch that every log has written. */
  settle(batch: readonly Incident[]): void;
  /** See {@link LogFile}. */
  start(context: HandlerContext): void;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** The level of an incident by its origin; undefined when the incident does not pass. */
function createFilter({
  levels,
  domains,
}: LogSettings): (origin: string, origins: Origins) => Level | undefined {
  const passing = new Map<string, Level | undefined>();
  return (origin, origins) => {
    if (passing.has(origin)) return passing.get(origin);
    const level = origins.levelOf(origin);
    const outcome = levels.has(level) && domains(origin) ? level : undefined;
    if (passing.size < CACHED_ORIGINS) passing.set(origin, outcome);
    return outcome;
  };
}

/** Creates a log. Opens nothing. */
export function createTextLog(settings: LogSettings): TextLog {
  const passes = createFilter(settings);
  /** The ids of written lines whose batch failed. */
  const alreadyWritten = new Set<string>();
  let file: LogFile | undefined;

  return {
    wants: (origin, origins) => passes(origin, origins) !== undefined,
    linesOf(batch, origins) {
      const ids: string[] = [];
      const lines: string[] = [];
      for (const incident of batch) {
        const level = passes(incident.origin, origins);
        if (level === undefined || alreadyWritten.has(incident.id)) continue;
        ids.push(incident.id);
        lines.push(`${settings.format(incident, level)}\n`);
      }
      return { ids, lines };
    },
    async write({ lines }) {
      if (file === undefined)
        throw new IhandlerError('LIFE_CYCLE', 'log-text was used before start, or after close.');
      return lines.length === 0 ? { written: 0 } : file.append(lines);
    },
    remember(ids) {
      for (const id of ids) alreadyWritten.add(id);
    },
    settle(batch) {
      if (alreadyWritten.size > 0) for (const { id } of batch) alreadyWritten.delete(id);
    },
    start(context) {
      const started = createLogFile(settings, context);
      started.start();
      file = started;
    },
    async reopen() {
      await file?.reopen();
    },
    async close() {
      const closing = file;
      file = undefined;
      await closing?.close();
    },
  };
}
