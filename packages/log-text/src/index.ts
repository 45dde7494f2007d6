export { default, type LogOptions, type LogTextOptions } from './log-text.ts';
