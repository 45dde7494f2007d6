export { cluster } from './cluster.ts';
export * from './cluster-state.ts';
export { connectionKey, connectionsNamed } from './connection-key.ts';
export * from './tables.ts';
export * from './tree-model.ts';
