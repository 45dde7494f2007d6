export { host, keepRunning } from './in-process.ts';
export { openPort } from './open-port.ts';
export { until } from './until.ts';
