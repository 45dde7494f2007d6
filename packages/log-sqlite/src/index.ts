export { default, type LogSqliteOptions } from './log-sqlite.ts';
export { openAttackReader } from './reader.ts';
