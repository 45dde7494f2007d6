export { journalSqlite as default, type SqliteJournal } from './journal.ts';
export type { JournalSqliteOptions } from './options.ts';
export { type SqliteJournalView, view } from './read/view.ts';
export { check } from './upkeep/check.ts';
export { compact } from './upkeep/compact.ts';
