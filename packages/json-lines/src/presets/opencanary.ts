import type { MappingInput } from '../mapping.ts';

const password = {
  login: {
    username: ['logdata.USERNAME', 'logdata.UserName'],
    password: ['logdata.PASSWORD', 'logdata.Password'],
    outcome: { value: 'failure' },
    method: { value: 'password' },
  },
};
const request = {
  request: {
    method: ['logdata.METHOD', 'logdata.REQUEST_TYPE'],
    target: 'logdata.PATH',
    host: 'logdata.HOSTNAME',
    agent: 'logdata.USERAGENT',
  },
};
type Roles = NonNullable<NonNullable<MappingInput['origins']>[string]['roles']>;

const event = (description: string, roles: Roles = {}) => ({
  level: 'warning' as const,
  description,
  roles,
});

/** The origin of each type of line (https://github.com/thinkst/opencanary, `LOG_…` in logger.py), without its prefix. */
const names = {
  2000: 'ftp.login',
  2001: 'ftp.connect',
  3000: 'http.get',
  3001: 'http.login',
  3002: 'http.unimplemented',
  3003: 'http.redirect',
  4000: 'ssh.connect',
  4001: 'ssh.version',
  4002: 'ssh.login',
  5000: 'smb.open',
  5001: 'portscan.syn',
  5002: 'portscan.nmapos',
  5003: 'portscan.nmapnull',
  5004: 'portscan.nmapxmas',
  5005: 'portscan.nmapfin',
  6001: 'telnet.login',
  6002: 'telnet.connect',
  7001: 'httpproxy.login',
  8001: 'mysql.login',
  9001: 'mssql.login',
  9002: 'mssql.winlogin',
  9003: 'mysql.connect',
  10001: 'tftp.request',
  11001: 'ntp.monlist',
  12001: 'vnc.login',
  13001: 'snmp.request',
  14001: 'rdp.login',
  15001: 'sip.request',
  16001: 'git.clone',
  17001: 'redis.command',
  18001: 'tcpbanner.connect',
  18002: 'tcpbanner.keepalive',
  18003: 'tcpbanner.secret',
  18004: 'tcpbanner.keepalive-data',
  18005: 'tcpbanner.data',
  19001: 'llmnr.query',
  20001: 'mongodb.request',
} as const;

const protocols = Object.fromEntries(
  Object.entries(names).map(([type, name]) => [type, name.split('.')[0] ?? '']),
);

/** opencanary's log: one object a line, with a number that says what happened. It reports no end of a connection. */
export const opencanary: MappingInput = {
  name: 'opencanary',
  time: { path: ['utc_time', 'local_time'], format: 'iso' },
  origin: {
    path: 'logtype',
    prefix: 'opencanary.',
    names: {
      ...names,
      ...Object.fromEntries([1000, 1001, 1002, 1003, 1004, 1005, 1006].map((type) => [type, 'message'])),
    },
    otherwise: 'opencanary.log',
  },
  connection: {
    protocol: { lookup: '{logtype}', in: protocols },
    transport: { lookup: '{logtype}', in: { 10001: 'udp', 11001: 'udp', 13001: 'udp', 19001: 'udp' } },
    local: { host: 'dst_host', port: 'dst_port' },
    remote: { host: 'src_host', port: 'src_port' },
  },
  requires: ['logtype', 'logdata', 'node_id', 'src_host'],
  origins: {
    'opencanary.message': { level: 'debug', description: 'The canary reports about itself.' },
    'opencanary.log': event('An event of a type that this mapping does not know.'),
    'opencanary.ftp.login': event('A login to the FTP server.', password),
    'opencanary.http.get': event('A page was requested.', request),
    'opencanary.http.login': event('A login form was sent.', { ...request, ...password }),
    'opencanary.http.unimplemented': event('A request with another method arrived.', request),
    'opencanary.http.redirect': event('A request was redirected.', request),
    'opencanary.ssh.connect': event('A client connected over SSH.'),
    'opencanary.ssh.version': event('An SSH client sent its version.', {
      client: { kind: { value: 'ssh' }, version: 'logdata.REMOTEVERSION' },
    }),
    'opencanary.ssh.login': event('A login over SSH, by password or key.', {
      login: {
        username: 'logdata.USERNAME',
        password: 'logdata.PASSWORD',
        key: 'logdata.KEY',
        outcome: { value: 'failure' },
      },
      client: { kind: { value: 'ssh' }, version: 'logdata.REMOTEVERSION' },
    }),
    'opencanary.telnet.login': event('A login over telnet.', password),
    'opencanary.httpproxy.login': event('A login to the HTTP proxy.', password),
    'opencanary.mysql.login': event('A login to MySQL. The password is a hash.', {
      login: { username: 'logdata.USERNAME', outcome: { value: 'failure' }, method: { value: 'hash' } },
    }),
    'opencanary.mssql.login': event('A login to the SQL Server.', password),
    'opencanary.mssql.winlogin': event('A Windows login to the SQL Server.', password),
    'opencanary.rdp.login': event('A login over RDP. The sensor does not see the password.', {
      login: { username: 'logdata.USERNAME', outcome: { value: 'failure' } },
    }),
    'opencanary.vnc.login': event('A login to VNC. The sensor sees an answer to a challenge.', {
      login: { outcome: { value: 'failure' }, method: { value: 'challenge' } },
    }),
    'opencanary.redis.command': event('A command was sent to Redis.', {
      command: {
        input: [{ text: '{logdata.CMD} {logdata.ARGS}' }, 'logdata.CMD'],
        realm: { value: 'redis' },
      },
    }),
    'opencanary.tftp.request': event('A file was requested over TFTP.', {
      request: { method: 'logdata.OPCODE', target: 'logdata.FILENAME' },
    }),
    'opencanary.ntp.monlist': event('NTP was asked for its list of clients.', {
      request: { method: 'logdata.NTP CMD' },
    }),
    'opencanary.snmp.request': event('An SNMP request arrived.', {
      request: { method: { value: 'get' }, target: 'logdata.REQUESTS' },
    }),
    'opencanary.sip.request': event('A SIP request arrived.'),
    'opencanary.llmnr.query': event('A name was asked for over LLMNR.'),
    'opencanary.mongodb.request': event('A client talked to MongoDB.'),
    'opencanary.ftp.connect': event('A client connected over FTP.'),
    'opencanary.telnet.connect': event('A client connected over telnet.'),
    'opencanary.mysql.connect': event('A client connected to MySQL.'),
    'opencanary.tcpbanner.connect': event('A client connected to a TCP banner.'),
    'opencanary.tcpbanner.keepalive': event(
      'A client connected to a TCP banner that keeps connections open.',
    ),
    'opencanary.tcpbanner.keepalive-data': event('Data was sent over a connection that is kept open.', {
      message: { payload: 'logdata.DATA' },
    }),
    ...Object.fromEntries(
      ['syn', 'nmapos', 'nmapnull', 'nmapxmas', 'nmapfin'].map((kind) => [
        `opencanary.portscan.${kind}`,
        event('Ports were scanned.'),
      ]),
    ),
    'opencanary.git.clone': event('A repository was cloned.', {
      request: { method: { value: 'clone' }, target: 'logdata.REPO', host: 'logdata.HOST' },
    }),
    'opencanary.smb.open': event('A file was opened over SMB.', {
      request: { method: 'logdata.AUDITACTION', target: 'logdata.FILENAME' },
    }),
    'opencanary.tcpbanner.secret': event('Data with the secret text was sent to a TCP banner.', {
      message: { payload: 'logdata.DATA' },
    }),
    'opencanary.tcpbanner.data': event('Data was sent to a TCP banner.', {
      message: { payload: 'logdata.DATA' },
    }),
  },
};
