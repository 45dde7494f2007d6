import type { Value } from '@ihandler/core';
import { decodeValue } from '@ihandler/core/kit';
import type { Database } from 'better-sqlite3';
import { type StateValues, stateSum } from './checksum.ts';
import { exactText, originalText } from './exact-text.ts';

/** The state of a source and the time when it was stored, in milliseconds since the Unix epoch. */
export interface SourceState {
  readonly state: Value;
  readonly at: number;
}

/** The table of source states. */
export interface SourceStates {
  get(source: string): Value | undefined;
  /** Call it within a transaction, with a state that `encodeValue` wrote. */
  set(source: string, state: string, at: number): void;
}

/** The states of all sources, by instance. Those of handlers, whose names begin with `@`, are in the same table. */
export function readSourceStates(db: Database): Readonly<Record<string, SourceState>> {
  const rows = db
    .prepare<[], StateValues>(
      "SELECT source, state, at FROM sources WHERE source NOT LIKE '@%' ORDER BY source",
    )
    .all();
  return Object.fromEntries(
    rows.map(({ source, state, at }) => [originalText(source), { state: decodeValue(state), at }]),
  );
}

/** Creates access to the source states. */
export function createSourceStates(db: Database): SourceStates {
  const select = db.prepare<[string], string>('SELECT state FROM sources WHERE source = ?').pluck();
  const replace = db.prepare<StateValues & { readonly sum: number }>(
    'INSERT OR REPLACE INTO sources (source, state, at, sum) VALUES (@source, @state, @at, @sum)',
  );
  return {
    get(source) {
      const state = select.get(exactText(source));
      return state === undefined ? undefined : decodeValue(state);
    },
    set: (source, state, at) => {
      const row = { source: exactText(source), state, at };
      replace.run({ ...row, sum: stateSum(row) });
    },
  };
}
