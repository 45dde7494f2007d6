export { type Clock, createClock } from './clock.ts';
export { type ConnectionOverrides, connection } from './connection.ts';
export { type AtPoint, type Crash, createCrash, createDisk, type Disk, type JournalPoint } from './disk.ts';
export { type IncidentOverrides, incident, incidents, poison } from './incident.ts';
export { type IncidentRecorder, type Part, recordIncidents } from './record-incidents.ts';
