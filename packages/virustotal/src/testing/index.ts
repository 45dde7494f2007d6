export { createVirusTotal } from '../handler.ts';
export { createVirtualTime } from './virtual-time.ts';
