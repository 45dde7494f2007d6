import { readFileSync } from 'node:fs';
import { type Connection, createIncident, type Incident, type Value } from '@ihandler/core';
import { recording } from '@ihandler/test-support/recordings';

/** A connection as log_incident writes it. */
interface WireConnection {
  readonly id: string;
  readonly protocol: string;
  readonly transport: string;
  readonly local_ip: string;
  readonly local_port: number;
  readonly remote_ip: string;
  readonly remote_port: number;
  readonly remote_hostname: string | null;
}

function connectionOf(wire: WireConnection): Connection {
  return {
    id: wire.id,
    protocol: wire.protocol,
    transport: wire.transport,
    local: { host: wire.local_ip, port: wire.local_port },
    remote: { host: wire.remote_ip, port: wire.remote_port, hostname: wire.remote_hostname },
  };
}

/** The incidents of a recording in dionaea's log_incident form, from the sensor `recorded`. */
export function recordedIncidents(file: string): Incident[] {
  const lines = readFileSync(recording(file), 'utf8');
  return lines
    .trimEnd()
    .split('\n')
    .map((line, ordinal) => {
      const {
        timestamp,
        origin,
        data: wire,
      } = JSON.parse(line) as {
        timestamp: string;
        origin: string;
        data: Record<string, Value>;
      };
      const data = { ...wire };
      // Safe: dionaea wrote the recordings, and these are connections.
      for (const name of ['connection', 'parent', 'child'])
        if (data[name] !== undefined) data[name] = connectionOf(data[name] as unknown as WireConnection);
      const id = `${file}:${ordinal}`;
      return createIncident({ id, origin, timestamp: Date.parse(`${timestamp}Z`), sensor: 'recorded', data });
    });
}
