export { default } from './forward.ts';
export type { ForwardOptions } from './options.ts';
