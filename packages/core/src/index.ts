// The contract of ihandlers: every name is listed, since each one is a promise to their authors.
export { advance, type Checkpoint, isTaken } from './contract/checkpoint.ts';
export type {
  Command,
  CommandArguments,
  CommandContext,
  CommandOption,
  ConfiguredInstance,
  Terminal,
} from './contract/command.ts';
export {
  describeError,
  IhandlerError,
  type IhandlerErrorCode,
  isIhandlerError,
  partialFailure,
  permanent,
  temporary,
} from './contract/error.ts';
export { type FailureKind, failureKind } from './contract/failure-kind.ts';
export {
  CONTRACT,
  defineHandler,
  type Handler,
  type HandlerBase,
  type HandlerContext,
  isWriting,
  type Listener,
  type ListeningDefinition,
  type ListeningHandler,
  type MaybePromise,
  type ReportOptions,
  type WritingDefinition,
  type WritingHandler,
} from './contract/handler.ts';
export type {
  Connection,
  Endpoint,
  Incident,
  IncidentMap,
  IncidentOf,
  Origin,
  RemoteEndpoint,
  UntypedData,
  Value,
} from './contract/incident.ts';
export { formatIncidentId, type IncidentId, parseIncidentId } from './contract/incident-id.ts';
export type {
  Cursor,
  DeadLetter,
  DeliveryCounts,
  ForgetResult,
  Journal,
  JournalCheck,
  JournalDamage,
  JournalModule,
  JournalRun,
  JournalStep,
  JournalView,
  SourceMark,
} from './contract/journal.ts';
export {
  LEVELS,
  type Level,
  LOG_LEVELS,
  type Log,
  type LogLevel,
  silentLog,
} from './contract/log.ts';
export { type Manifest, manifestSchema } from './contract/manifest.ts';
export type {
  Conversion,
  FactSource,
  OriginDeclaration,
  OriginDescription,
  Origins,
  OriginsFile,
  RoleMappings,
} from './contract/meaning/origins.ts';
export type { Meaning, Outcome, Role, RoleFacts, RoleIncident } from './contract/meaning/roles.ts';
export type { Schema } from './contract/meaning/schema.ts';
export { type OptionProblem, optionProblems, parseOptions } from './contract/options.ts';
export type { SensorModule } from './contract/sensor.ts';
export {
  defineSource,
  type FileSourceModule,
  type FileSourceOptions,
  type Progress,
  type Reject,
  type Source,
  type SourceContext,
  type SourceReportOptions,
} from './contract/source.ts';
export { escapeControls } from './contract/text/escape-controls.ts';
export { escapeJson } from './contract/text/escape-json.ts';
export { throwForStatus } from './contract/throw-for-status.ts';
export { createDispatcher } from './delivery/dispatcher.ts';
export type {
  Dispatcher,
  DispatcherOptions,
  LaneStatus,
  LostIncidents,
  ReplayOptions,
  RetryOutcome,
  RunOptions,
  SourceOutcome,
  SourceStatus,
} from './delivery/dispatcher-options.ts';
export { createMemoryJournal, type MemoryJournalOptions } from './delivery/memory-journal.ts';
export { createIncident, type IncidentParts } from './incident/create-incident.ts';
export {
  decodeIncident,
  encodeIncident,
} from './incident/incident-codec.ts';
export { listenerFor } from './origins/role-listener.ts';
export { compileGlob, matchOrigin } from './routing/glob.ts';
export type { HandlerEntry } from './routing/handler-entry.ts';
