export type { Client } from './clients.ts';
export { createHttpPort, type HttpPortSettings, type ReaderContext } from './create-http-port.ts';
export {
  checkPort,
  clientsOf,
  type HttpOptions,
  type PortSettings,
  portShape,
  sensorEntrySchema,
  TOKEN_VARIABLE,
} from './options.ts';
export { isEncodedLine, readEncodedLine } from './read-encoded-line.ts';
export type { ReadLine } from './read-lines.ts';
export { default } from './source.ts';
