export { default, type VirusTotalOptions } from './virustotal.ts';
