export type { Fault } from './fault.ts';
export { madeUpFile } from './known-file.ts';
export { startVirusTotalServer, type VirusTotalServer, type VirusTotalServerOptions } from './server.ts';
