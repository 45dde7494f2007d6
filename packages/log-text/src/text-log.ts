import { type HandlerContext, type Incident, type Level, levelOf } from '@ihandler/core';
import { type Appended, createLogFile, type LogFile } from './log-file.ts';
import type { LogSettings } from './options.ts';

/** How many origins a filter remembers: those of the catalogue, and room for others. */
const REMEMBERED = 1000;

/** The lines of a batch for one log. */
export interface Lines {
  readonly ids: readonly string[];
  /** As many, each with its newline. */
  readonly lines: readonly string[];
}

/** One log: what it lets pass, how a line looks, and its file. */
export interface TextLog {
  /** The lines of the incidents that pass, without those that it wrote when the batch failed before. Writes nothing. */
  linesOf(batch: readonly Incident[]): Lines;
  /** Appends them; see {@link LogFile.append}. */
  write(lines: Lines): Promise<Appended>;
  /** The batch of these lines has failed, here or in another log: those that are written are left out when it comes again. */
  remember(ids: readonly string[]): void;
  /** All logs have written a batch: it does not come again. */
  settle(batch: readonly Incident[]): void;
  /** See {@link LogFile}. */
  start(context: HandlerContext): void;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Which level an incident passes with; undefined when it does not pass. */
function createFilter({ levels, domains }: LogSettings): (origin: string) => Level | undefined {
  const passing = new Map<string, Level | undefined>();
  return (origin) => {
    if (passing.has(origin)) return passing.get(origin);
    const level = levelOf(origin);
    const outcome = levels.has(level) && domains(origin) ? level : undefined;
    if (passing.size < REMEMBERED) passing.set(origin, outcome);
    return outcome;
  };
}

/** Makes a log; it opens nothing. */
export function createTextLog(settings: LogSettings): TextLog {
  const passes = createFilter(settings);
  /** Written, though their batch failed. */
  const already = new Set<string>();
  let file: LogFile | undefined;

  return {
    linesOf(batch) {
      const ids: string[] = [];
      const lines: string[] = [];
      for (const incident of batch) {
        const level = passes(incident.origin);
        if (level === undefined || already.has(incident.id)) continue;
        ids.push(incident.id);
        lines.push(`${settings.format(incident, level)}\n`);
      }
      return { ids, lines };
    },
    async write({ lines }) {
      if (file === undefined) throw new Error('log-text was used before start, or after close.');
      return lines.length === 0 ? { written: 0 } : file.append(lines);
    },
    remember(ids) {
      for (const id of ids) already.add(id);
    },
    settle(batch) {
      if (already.size > 0) for (const { id } of batch) already.delete(id);
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
