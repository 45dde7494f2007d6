export { default, type StoreOptions } from './handler.ts';
