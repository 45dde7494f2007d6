export { type Clock, createClock } from './clock.ts';
export { commandContext, type LentCommandContext } from './command-context.ts';
export { type ConnectionOverrides, connection } from './connection.ts';
export { type DescribeOptions, describeHandler, type It } from './describe-handler.ts';
export {
  type AtPoint,
  type Crash,
  createCrash,
  createDisk,
  type Disk,
  type DiskOptions,
  type JournalPoint,
} from './disk.ts';
export { exampleOrigins } from './examples/origins.generated.ts';
export { handlerContext, type LentContext, type Reported } from './handler-context.ts';
export { type IncidentOverrides, incident, incidents, poison } from './incident.ts';
export { type IncidentRecorder, type Part, recordIncidents } from './record-incidents.ts';
export { type Recording, recordings } from './recordings.ts';
export { type DescribeSourceOptions, describeSource } from './sources/describe-source.ts';
export { createDurableHost, type DurableHost, until } from './sources/durable-host.ts';
export {
  createRotatingWriter,
  type RotatingWriter,
  type RotatingWriterSettings,
} from './sources/rotating-writer.ts';
export {
  type LentSourceContext,
  type SourceContextOptions,
  sourceContext,
} from './sources/source-context.ts';
export type { SourceSubject } from './sources/source-world.ts';
export type { StoredProbe } from './suite/subject.ts';
export type { HandlerFactory } from './suite/world.ts';
