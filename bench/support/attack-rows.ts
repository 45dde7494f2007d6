/** The stream of the written incidents. */
export const STREAM = '0123456789abcdef0123456789abcdef';

const hex = (n: number, part: number) =>
  BigInt.asUintN(64, BigInt(n * 8 + part + 1) * 0x9e3779b97f4a7c15n)
    .toString(16)
    .padStart(16, '0')
    .repeat(4);

/** The n-th attack: 17 incidents of 4 connections. A shellcode opens a port, and a file is downloaded through it. */
function attackOf(n: number): [origin: string, data: object][] {
  const remote = `198.51.${(n >> 8) & 255}.${n & 255}`;
  const connection = (part: number, protocol: string, port: number) => ({
    id: hex(n, part),
    protocol,
    transport: 'tcp',
    local: { host: '192.0.2.1', port },
    remote: { host: part === 1 ? '' : remote, port: 1024 + ((n * 7 + part) % 60_000), hostname: '' },
  });
  const smb = connection(0, 'smbd', 445);
  const shell = connection(1, 'remoteshell', 1957);
  const session = connection(2, 'remoteshell', 1957);
  const ftp = connection(3, 'ftpctrl', 37_065);
  const url = `ftp://1:1@${remote}:8218/ssms${n % 5000}.exe`;
  const p0f = {
    genre: 'Windows',
    detail: 'XP SP1+, 2000 SP3',
    link: 'ethernet/modem',
    dist: '11',
    tos: '',
    fw: '0',
    nat: '0',
    uptime: '-1',
  };
  const unused = { real: '0', score: '0', mflags: '0', magic: '233811181', id: '4294967295', type: '0' };
  const uuid = '4b324fc8-1670-01d3-1278-5a47bf6ee188';
  const transfersyntax = '8a885d04-1ceb-11c9-9fe8-08002b104860';
  const profile =
    '[\n    {\n        "call": "WSASocket",\n        "args" : [ "2", "1", "0" ],\n        "return" :  "66"\n    }\n]\n';
  return [
    ['dionaea.connection.tcp.accept', { connection: smb }],
    ['dionaea.modules.python.p0f', { ...p0f, ...unused, connection: smb }],
    ['dionaea.modules.python.smb.dcerpc.bind', { uuid, transfersyntax, connection: smb }],
    ['dionaea.modules.python.smb.dcerpc.request', { uuid, opnum: 31, connection: smb }],
    ['dionaea.module.emu.profile', { profile, connection: smb }],
    ['dionaea.service.shell.listen', { port: 1957, connection: smb }],
    ['dionaea.connection.tcp.listen', { connection: shell }],
    ['dionaea.connection.link', { parent: smb, child: shell }],
    ['dionaea.connection.tcp.accept', { connection: session }],
    ['dionaea.connection.link', { parent: shell, child: session }],
    ['dionaea.download.offer', { url, connection: session }],
    ['dionaea.connection.link', { parent: session, child: ftp }],
    ['dionaea.connection.tcp.connect', { connection: ftp }],
    [
      'dionaea.download.complete.hash',
      { url, md5hash: hex(n % 5000, 9).slice(0, 32), file: '/samples/x', connection: session },
    ],
    ['dionaea.connection.free', { connection: ftp }],
    ['dionaea.connection.free', { connection: session }],
    ['dionaea.connection.free', { connection: smb }],
  ];
}

/** The incident with this ordinal, from 1. Attacks follow each other. */
export function recordOf(ordinal: number, sensor: string) {
  const [origin, data] = attackOf(Math.floor((ordinal - 1) / 17))[(ordinal - 1) % 17] ?? ['', {}];
  return { id: `${STREAM}:${ordinal * 500}`, origin, timestamp: 1.6e12 + ordinal * 37.5, sensor, data };
}
