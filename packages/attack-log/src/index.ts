export { cluster } from './cluster/cluster.ts';
export {
  type AnnouncedConnection,
  type ClusterResult,
  type ClusterState,
  type ConnectionKey,
  type Move,
  type NamedConnection,
  type Place,
  SAME_ID_LIMIT,
  type SkippedCounts,
  WAITING_LIMIT,
  type WaitingIncident,
} from './cluster/cluster-state.ts';
export { connectionKey, connectionKeysIn, formerKey } from './cluster/connection-key.ts';
export { type ConnectionEnds, connectionEnds } from './cluster/ends.ts';
export { type IncidentPlace, isCopy, placeOf } from './cluster/original-id.ts';
export { createAttackCommands } from './commands/attack-commands.ts';
export { type AttackDatabase, type WaitingForLock, waitingForLock } from './commands/with-reader.ts';
export { type FormatOptions, formatAttack } from './format/attack-format.ts';
export { attackJson } from './format/attack-json.ts';
export { formatManual } from './format/manual-format.ts';
export type { ZoneOptions } from './format/stored-time.ts';
export { formatSummary, type SummaryOptions } from './format/summary-format.ts';
export {
  ATTACKS_PER_PAGE,
  assembleAttacks,
  chunksOf,
  type LoadedConnection,
} from './read/assemble-attacks.ts';
export type {
  AttackFilter,
  AttackReader,
  ConnectionDetails,
  ConnectionNode,
  StoredRow,
  StoredValue,
  Summary,
  SummaryFilter,
  ValueCount,
  VirusTotalReport,
} from './read/attack.ts';
export { gatherDetails, type LookupNames, type RowQuery } from './read/gather-details.ts';
export { hostForms, namesRemoteHost } from './read/host-forms.ts';
export {
  CLOCK_WARNING,
  EARLIEST_PLAUSIBLE,
  latestPlausible,
  type RetentionTask,
  type RetentionTimer,
  removableBefore,
  SWEEP_INTERVAL,
  startRetention,
} from './retention/retention-timer.ts';
export { seconds } from './rows/cells.ts';
export { DCERPC_SERVICES, type DcerpcService, MYSQL_COMMANDS } from './schema/lookups.ts';
export {
  type DionaeaTable,
  OWN_TABLES,
  type OwnColumnKind,
  type OwnTable,
  ownColumnKind,
  ROW_TABLES,
  type Table,
  TIMED_TABLES,
} from './schema/own-tables.ts';
export { type Cell, type Row, TABLES } from './schema/tables.ts';
