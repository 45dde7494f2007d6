export { default, type LogSqliteOptions } from './handler.ts';
export { openAttackReader } from './read/reader.ts';
