import type { OriginDeclaration, RoleMappings, Source, UntypedData } from '@ihandler/core';
import {
  createTimestampParser,
  followLines,
  type LineFormat,
  readLines,
  type Sessions,
} from '@ihandler/source-kit';

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
  readonly src_host: string;
  readonly src_port: number;
  readonly dst_host: string;
  readonly dst_port: number;
}

/** How long after its last event a pair of ports may be another connection, in milliseconds. */
const idle = 10 * 60_000;
const parseTime = createTimestampParser();

/** The connection of an event. opencanary names none: it began with the first event of its pair of ends. */
function connectionOf({ src_host, src_port, dst_host, dst_port }: Line, time: number, sessions: Sessions) {
  const ends = `${src_host} ${src_port} ${dst_host} ${dst_port}`;
  // Safe: only what is set below is in the table.
  const known = sessions.get(ends) as { readonly began: number; readonly last: number } | undefined;
  const began = known !== undefined && time - known.last <= idle ? known.began : time;
  sessions.set(ends, { began, last: time });
  return {
    id: `${ends} ${began}`,
    transport: 'tcp',
    local: { host: dst_host, port: dst_port },
    remote: { host: src_host, port: src_port, hostname: '' },
  };
}

/** Lines of opencanary.log. */
const format: LineFormat = {
  name: 'opencanary',
  sessions: {},
  timeOf: (line) => parseTime(JSON.parse(line).utc_time),
  parse(text, { sessions }) {
    // Safe: the properties on which the rest depends are checked.
    const line = JSON.parse(text) as Line;
    const timestamp = parseTime(line.utc_time);
    if (typeof line.logtype !== 'number') return { reject: 'Expected a number "logtype", found none.' };
    if (timestamp === undefined) return { reject: 'Expected a time "utc_time", found none.' };
    const [origin = `log.${line.logtype}`] = types[line.logtype] ?? [];
    const protocol = origin.split('.')[0] ?? '';
    // Messages of opencanary about itself have no address.
    const connection =
      line.src_host === '' ? {} : { connection: { protocol, ...connectionOf(line, timestamp, sessions) } };
    const data = { ...connection, log: line.logdata };
    return { incidents: [{ origin: `opencanary.${origin}`, timestamp, data }] };
  },
};

/** Reads a log of opencanary to its end. */
export function opencanary(file: string): Source {
  return readLines({ name: 'opencanary', format, file, sensor: 'canary-1' });
}

/** Follows a log of opencanary. */
export function opencanaryFollow(file: string): Source {
  return followLines({ name: 'opencanary-follow', format, file, sensor: 'canary-1', poll: 1 });
}
