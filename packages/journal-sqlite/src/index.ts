export { check } from './check.ts';
export { compact } from './compact.ts';
export { journalSqlite as default, type SqliteJournal } from './journal-sqlite.ts';
export type { JournalSqliteOptions } from './options.ts';
export { type SqliteJournalView, view } from './view.ts';
