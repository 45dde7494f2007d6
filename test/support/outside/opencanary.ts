import { readFileSync } from 'node:fs';
import {
  createIncident,
  defineSource,
  formatIncidentId,
  type Incident,
  type OriginDeclaration,
  type RoleMappings,
  type Source,
  type UntypedData,
} from '@ihandler/core';

const anything = { type: 'object' };
const login: RoleMappings = {
  login: { username: 'log.USERNAME', password: 'log.PASSWORD', outcome: { value: 'failure' } },
};
const request: RoleMappings = {
  request: { method: 'log.REQUEST_TYPE', target: 'log.PATH', host: 'log.HOSTNAME', agent: 'log.USERAGENT' },
};

/** The origins by opencanary's type of a line, with their roles. It reports neither the begin nor the end of a connection. */
const types: Readonly<Record<number, readonly [origin: string, roles?: RoleMappings]>> = {
  2000: ['ftp.login', login],
  3000: ['http.get', request],
  3001: ['http.login', login],
  3002: ['http.unimplemented', request],
  3003: ['http.redirect', request],
  4001: ['ssh.version', { client: { kind: { value: 'ssh' }, version: 'log.REMOTEVERSION' } }],
  4002: ['ssh.login', login],
  6001: ['telnet.login', login],
  7001: ['httpproxy.login', login],
  8001: ['mysql.login', login],
  14001: ['rdp.login', login],
  17001: [
    'redis.command',
    { command: { input: { text: '{log.CMD} {log.ARGS}' }, realm: { value: 'redis' } } },
  ],
  18003: ['tcpbanner.data', { message: { payload: 'log.DATA' } }],
};

/** What a package for opencanary declares. */
export const opencanaryDeclarations: Readonly<Record<string, OriginDeclaration>> = Object.fromEntries(
  Object.values(types).map(([origin, roles]) => [
    `opencanary.${origin}`,
    { schema: anything, level: 'warning', description: '', ...(roles && { roles }) },
  ]),
);

interface Line {
  readonly logtype: number;
  readonly logdata: UntypedData;
  readonly utc_time: string;
  readonly node_id: string;
  readonly src_host: string;
  readonly src_port: number;
  readonly dst_host: string;
  readonly dst_port: number;
}

function incidentOf(line: Line, ordinal: number): Incident {
  const { src_host, src_port, dst_host, dst_port } = line;
  const [origin = `log.${line.logtype}`] = types[line.logtype] ?? [];
  const connection = {
    id: `${src_host} ${src_port} ${dst_host} ${dst_port}`,
    protocol: origin.split('.')[0] ?? '',
    transport: 'tcp',
    local: { host: dst_host, port: dst_port },
    remote: { host: src_host, port: src_port, hostname: '' },
  };
  return createIncident({
    id: formatIncidentId('opencanary', ordinal),
    origin: `opencanary.${origin}`,
    timestamp: Date.parse(`${line.utc_time.replace(' ', 'T')}Z`),
    sensor: line.node_id,
    data: { ...(src_host !== '' && { connection }), log: line.logdata },
  });
}

/** Reads a log of opencanary once. */
export function opencanary(file: string): Source {
  return defineSource({
    name: 'opencanary',
    async run(context) {
      // Safe: the tests read a recording.
      const lines = readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
      await context.report(lines.map((line, index) => incidentOf(line, index + 1)));
    },
  });
}
