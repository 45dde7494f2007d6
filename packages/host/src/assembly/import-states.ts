import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, type Log, type Value } from '@ihandler/core';
import { errorCode, isRecord } from '@ihandler/core/kit';

/** The states of the sources that `import` ran, by instance. */
export interface SourceStates {
  readonly states: Map<string, Value>;
  /** Writes the states to the data folder. A failure is logged: sources recognise their files less well then. */
  save(): void;
}

const FILE = 'import-state.json';

/** Reads the states of the sources that `import` ran. */
export function readImportStates(dataDir: string, log: Log): ReadonlyMap<string, Value> {
  return read(join(dataDir, FILE), log);
}

function read(file: string, log: Log): Map<string, Value> {
  try {
    const stored: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const sources = isRecord(stored) && stored['version'] === 1 ? stored['sources'] : undefined;
    // Safe: parsed JSON holds only values.
    return new Map(isRecord(sources) ? (Object.entries(sources) as [string, Value][]) : []);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT')
      log.warn('cannot read what earlier imports remembered', { file, error: describeError(error) });
    return new Map();
  }
}

/**
 * Reads the states that sources saved in earlier imports into this data folder. A state may only say how to recognise an
 * input, never how far it was read: the handlers of another import differ.
 */
export function openSourceStates(dataDir: string, log: Log): SourceStates {
  const file = join(dataDir, FILE);
  const states = read(file, log);
  return {
    states,
    save() {
      if (states.size === 0) return;
      const temporary = `${file}.${process.pid}`;
      try {
        writeFileSync(temporary, JSON.stringify({ version: 1, sources: Object.fromEntries(states) }), {
          mode: 0o640,
        });
        renameSync(temporary, file);
      } catch (error) {
        log.warn('cannot save how to recognise the imported files', { file, error: describeError(error) });
      }
    },
  };
}
