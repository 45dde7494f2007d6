import type { Incident } from '@ihandler/core';

/** The outcome of a row that names a deleted connection. */
export const gone = Symbol('gone');

/** The result of a row. */
export interface Entry {
  /** The table, and the row's id in it. */
  readonly table: string;
  readonly row: number;
  /** The row of the connection after which to report it; Infinity for the end. */
  readonly owner: number;
  /** Its approximate size in bytes. */
  readonly size: number;
  /** An incident, the reason why the row is rejected, or `gone`: its connection, or the parent, was deleted. */
  readonly outcome: Incident | string | typeof gone;
}

/** Consecutive rows of a table. */
export interface Page {
  readonly entries: readonly Entry[];
  /** The last row that was read; undefined at the end of the table. */
  readonly last: number | undefined;
}

/** Reads a table in row order, a page at a time, so that it holds no lock while handlers work. */
export interface Cursor {
  /** The current entry; undefined after the last. */
  readonly head: Entry | undefined;
  /** The number of rows read, by their ids. */
  readonly passed: number;
  /** The number of all rows, by their ids. */
  readonly total: number;
  /** Moves to the next entry. Returns a promise only when it must load a page. */
  advance(): Promise<void> | undefined;
}

/** Makes a cursor over the rows after `after`, up to `last`. It starts before its first entry: call `advance` once. */
export function createCursor(
  after: number,
  last: number,
  load: (after: number, last: number) => Promise<Page>,
): Cursor {
  let entries: readonly Entry[] = [];
  let index = 0;
  let position = after;

  async function loadPage(): Promise<void> {
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
      return index < entries.length ? undefined : loadPage();
    },
  };
}
