export { default, type LogPostgresOptions } from './log-postgres.ts';
export { openAttackReader } from './reader.ts';
