import { readFileSync } from 'node:fs';
import { createIncident, type Incident, type UntypedData } from '@ihandler/core';
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

interface WireLine {
  readonly timestamp: string;
  readonly origin: string;
  readonly data: UntypedData;
}

function valueUnder(key: string, value: UntypedData[string]): UntypedData[string] {
  if (!['connection', 'parent', 'child'].includes(key)) return value;
  // Safe: dionaea writes connections under these keys.
  const wire = value as unknown as WireConnection;
  return {
    id: wire.id,
    protocol: wire.protocol,
    transport: wire.transport,
    local: { host: wire.local_ip, port: wire.local_port },
    remote: { host: wire.remote_ip, port: wire.remote_port, hostname: wire.remote_hostname },
  };
}

function readRecording(name: string): readonly Incident[] {
  const file = recording(name);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((text, index) => {
    // Safe: dionaea wrote the recordings.
    const line = JSON.parse(text) as WireLine;
    const data = Object.fromEntries(
      Object.entries(line.data).map(([key, value]) => [key, valueUnder(key, value)]),
    );
    const timestamp = Date.parse(`${line.timestamp}Z`);
    return createIncident({
      id: `${name}:${index + 1}`,
      origin: line.origin,
      timestamp,
      sensor: 'recorded',
      data,
    });
  });
}

/** Every recorded incident. */
export const recordedIncidents: readonly Incident[] = [
  'dionaea-a/log_incident.ndjson',
  'dionaea-c/log_incident.ndjson',
  'seed-attack.ndjson',
].flatMap(readRecording);
