import type { Journal } from './journal.ts';

/** Options of {@link createMemoryJournal}. */
export interface MemoryJournalOptions {
  /** How many incidents may wait for the slowest handler before `append` waits. @default 20000 */
  readonly limit?: number;
}

/** A journal that lives as long as the process: for `import`, where the file is the journal, and for tests. */
export declare function createMemoryJournal(options?: MemoryJournalOptions): Journal;
