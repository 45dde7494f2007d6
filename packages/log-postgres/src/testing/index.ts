export { streamHash } from '../write/hash.ts';
export { canonicalForest, comparableRow } from './canonical-forest.ts';
export { query } from './query.ts';
export { readTables } from './read-tables.ts';
