export { default, type VirusTotalOptions } from './handler.ts';
