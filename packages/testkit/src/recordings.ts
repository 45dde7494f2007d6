import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  createIncident,
  formatIncidentId,
  type Incident,
  type UntypedData,
  type Value,
} from '@ihandler/core';

/** A recording of the output of a sensor. */
export interface Recording {
  /** The absolute path of the file as the sensor wrote it, for tests of sources. Do not change it; change a copy. */
  readonly file: string;
  /** The same as incidents, in order, for tests of handlers: ids `<name>:1`, `<name>:2`, … by line. */
  incidents(): Generator<Incident>;
}

type Wire = { readonly [key: string]: Value };

function recordingOf(name: string, read: (wire: Wire, id: string) => Incident): Recording {
  const file = fileURLToPath(new URL(`../recordings/${name}.ndjson`, import.meta.url));
  return {
    file,
    *incidents() {
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
      // Safe: a recording has one JSON object in each line.
      for (const [at, line] of lines.entries())
        yield read(JSON.parse(line) as Wire, formatIncidentId(name, at + 1));
    },
  };
}

/** Converts a value of log_incident to the form of core. Only connections differ. */
function coreValue(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(coreValue);
  // Safe: parsed JSON has no bytes, so the remaining case is a record.
  const wire = value as Wire;
  if (!Object.hasOwn(wire, 'remote_ip'))
    return Object.fromEntries(Object.entries(wire).map(([key, item]) => [key, coreValue(item)]));
  const { local_ip, local_port, remote_ip, remote_port, remote_hostname, ...rest } = wire;
  return {
    ...rest,
    local: { host: local_ip ?? '', port: local_port ?? 0 },
    remote: { host: remote_ip ?? '', port: remote_port ?? 0, hostname: remote_hostname ?? null },
  };
}

function readDionaea({ timestamp, origin, data }: Wire, id: string): Incident {
  return createIncident({
    id,
    origin: String(origin),
    timestamp: Date.parse(`${timestamp}Z`), // dionaea writes UTC without a zone
    sensor: 'dionaea-1',
    // Safe: the data of a line is a record.
    data: coreValue(data ?? {}) as UntypedData,
  });
}

function readCowrie({ eventid, timestamp, sensor, ...data }: Wire, id: string): Incident {
  return createIncident({
    id,
    origin: String(eventid),
    timestamp: Date.parse(String(timestamp)),
    sensor: String(sensor),
    data,
  });
}

/** Recordings of sensors, for tests. */
export const recordings = {
  /** `log_incident` of a dionaea 0.11 that real clients attacked: 243 incidents of 26 origins. All data fits. */
  dionaea: (): Recording => recordingOf('dionaea', readDionaea),
  /** `cowrie.json`: 19 events of an SSH and a Telnet session. Their origins (`cowrie.*`) are not in the catalogue. */
  cowrie: (): Recording => recordingOf('cowrie', readCowrie),
} as const;
