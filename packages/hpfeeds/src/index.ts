export { default, type HpfeedsOptions } from './hpfeeds.ts';
