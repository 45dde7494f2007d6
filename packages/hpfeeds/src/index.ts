export { default, type HpfeedsOptions } from './handler.ts';
