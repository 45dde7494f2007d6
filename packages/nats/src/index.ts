export { default, type NatsOptions } from './handler.ts';
