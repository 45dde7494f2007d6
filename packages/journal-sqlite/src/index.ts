export { journalSqlite as default } from './journal-sqlite.ts';
export type { JournalSqliteOptions } from './options.ts';
