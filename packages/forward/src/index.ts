export { default } from './handler.ts';
export type { ForwardOptions } from './options.ts';
