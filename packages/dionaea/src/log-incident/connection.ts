type Fields = Record<string, unknown>;

// Not a plain assignment, so that a key such as __proto__ stays data.
function put(target: Fields, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/** The slow path, for a connection with missing or additional fields: missing ones stay absent, additional ones are kept. */
function rebuild(wire: Fields): Fields {
  const connection: Fields = {};
  const local: Fields = {};
  const remote: Fields = {};
  for (const key of Object.keys(wire)) {
    const value = wire[key];
    if (key === 'local_ip') local['host'] = value;
    else if (key === 'local_port') local['port'] = value;
    else if (key === 'remote_ip') remote['host'] = value;
    else if (key === 'remote_port') remote['port'] = value;
    else if (key === 'remote_hostname') remote['hostname'] = value;
    else if (key === 'id' && typeof value === 'number') connection['id'] = String(value);
    else put(connection, key, value);
  }
  if (Object.keys(remote).length > 0 && !('hostname' in remote)) remote['hostname'] = null;
  if (Object.keys(local).length > 0) connection['local'] = local;
  if (Object.keys(remote).length > 0) connection['remote'] = remote;
  return connection;
}

/**
 * Converts a connection as log_incident writes it (`local_ip`, `local_port`, …) to a core `Connection`. An integer id, which
 * old versions wrote, becomes a string; an absent host name becomes null. Unknown keys are kept. Types are not checked here
 * but by the schema of the origin.
 */
export function readConnection(wire: Fields): Fields {
  const { id, protocol, transport, local_ip, local_port, remote_ip, remote_port, remote_hostname } = wire;
  let keys = 0;
  for (const _ in wire) keys += 1;
  const complete =
    keys === 8 &&
    id !== undefined &&
    protocol !== undefined &&
    transport !== undefined &&
    local_ip !== undefined &&
    local_port !== undefined &&
    remote_ip !== undefined &&
    remote_port !== undefined &&
    remote_hostname !== undefined;
  if (!complete) return rebuild(wire);
  return {
    id: typeof id === 'number' ? String(id) : id,
    protocol,
    transport,
    local: { host: local_ip, port: local_port },
    remote: { host: remote_ip, port: remote_port, hostname: remote_hostname },
  };
}
