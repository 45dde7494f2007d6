export { default, type LogOptions, type LogTextOptions } from './handler.ts';
