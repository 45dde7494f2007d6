export { default, type VerdictData, type VirusTotalOptions } from './handler.ts';
