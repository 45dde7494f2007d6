export { default, type LogPostgresOptions } from './handler.ts';
export { openAttackReader } from './read/reader.ts';
