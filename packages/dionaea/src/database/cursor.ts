import type { Incident } from '@ihandler/core';

/** A row on its way: an incident, or why it is none. */
export interface Entry {
  /** The table, and the row's id in it. */
  readonly table: string;
  readonly row: number;
  /** The row of the connection after which it is told; Infinity for the end. */
  readonly owner: number;
  /** About how many bytes it takes. */
  readonly size: number;
  readonly outcome: Incident | string;
}

/** A stretch of a table. */
export interface Page {
  readonly entries: readonly Entry[];
  /** The last row that was looked at; undefined when there are no more. */
  readonly last: number | undefined;
}

/** Walks through a table in row order, a page at a time, so that no lock is held while handlers work. */
export interface Cursor {
  /** The entry at hand; undefined after the last. */
  readonly head: Entry | undefined;
  /** How many rows it has passed, counted by their ids. */
  readonly passed: number;
  /** How many there are, counted by their ids. */
  readonly total: number;
  /** Goes to the next entry. Resolves at once within a page. */
  advance(): Promise<void> | undefined;
}

/** Makes a cursor that stands before its first entry: `advance` it once. Rows are those after `after`, up to `last`. */
export function createCursor(
  after: number,
  last: number,
  load: (after: number, last: number) => Promise<Page>,
): Cursor {
  let entries: readonly Entry[] = [];
  let index = 0;
  let position = after;

  async function turn(): Promise<void> {
    entries = [];
    index = 0;
    while (entries.length === 0 && position < last) {
      const page = await load(position, last);
      entries = page.entries;
      position = page.last ?? last;
    }
  }
  return {
    get head() {
      return entries[index];
    },
    get passed() {
      return position - after;
    },
    total: Math.max(0, last - after),
    advance() {
      index += 1;
      return index < entries.length ? undefined : turn();
    },
  };
}
