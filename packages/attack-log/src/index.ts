export * from './cluster-state.ts';
export * from './tables.ts';
export * from './tree-model.ts';
