export { default, type StoreOptions } from './store.ts';
