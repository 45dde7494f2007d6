export { createHttpPort, type Hearing, type HttpPortSettings } from './create-http-port.ts';
export {
  checkPort,
  entrySchema,
  type HttpOptions,
  type PortSettings,
  portShape,
  sendersOf,
  TOKEN_VARIABLE,
} from './options.ts';
export type { ReadLine } from './read-lines.ts';
export { isOwnLine, readOwnLine } from './read-own-line.ts';
export type { Sender } from './senders.ts';
export { default } from './source.ts';
