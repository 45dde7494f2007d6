export { default, type StoredSample, type StoreOptions } from './handler.ts';
