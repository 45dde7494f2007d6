import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

/** The number of incidents of one attack, as in the manual, on four connections. */
export const INCIDENTS_AN_ATTACK = 17;
export const CONNECTIONS_AN_ATTACK = 4;

interface WireConnection {
  readonly [key: string]: string | number;
}

/** Ids look like dionaea's: 64 hex digits without any order. */
function idOf(attack: number, n: number): string {
  let state = Math.imul(attack * CONNECTIONS_AN_ATTACK + n + 1, 2654435761) >>> 0;
  let id = '';
  while (id.length < 64) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    id += state.toString(16).padStart(8, '0');
  }
  return id;
}

/** One attack in the format of dionaea's log_incident: an exploit, a shell, a download over ftp. The last line has no newline. */
export function attackLines(attack: number): string {
  const host = `${11 + (attack % 200)}.${(attack >> 8) & 255}.${(attack >> 4) & 255}.${attack & 255}`;
  const connection = (
    n: number,
    protocol: string,
    localPort: number,
    remotePort: number,
  ): WireConnection => ({
    protocol,
    transport: 'tcp',
    local_ip: '192.0.2.53',
    local_port: localPort,
    remote_hostname: '',
    remote_ip: remotePort === 0 ? '' : host,
    remote_port: remotePort,
    id: idOf(attack, n),
  });
  const smb = connection(0, 'smbd', 445, 2010);
  const listener = connection(1, 'remoteshell', 1957, 0);
  const shell = connection(2, 'remoteshell', 1957, 2135);
  const ftp = connection(3, 'ftpctrl', 37065, 8218);
  const url = `ftp://1:1@${host}:8218/ssms${attack % 97}.exe`;
  const md5hash = idOf(attack % 997, 9).slice(0, 32);
  const incidents: readonly (readonly [string, object])[] = [
    ['dionaea.connection.tcp.accept', { connection: smb }],
    [
      'dionaea.modules.python.p0f',
      {
        genre: 'Windows',
        link: 'ethernet/modem',
        detail: 'XP SP1+, 2000 SP3',
        uptime: '-1',
        tos: '',
        dist: '11',
        nat: '0',
        fw: '0',
        connection: smb,
      },
    ],
    [
      'dionaea.modules.python.smb.dcerpc.bind',
      {
        uuid: '3919286a-b10c-11d0-9ba8-00c04fd92ef5',
        transfersyntax: '8a885d04-1ceb-11c9-9fe8-08002b104860',
        connection: smb,
      },
    ],
    [
      'dionaea.modules.python.smb.dcerpc.request',
      { uuid: '3919286a-b10c-11d0-9ba8-00c04fd92ef5', opnum: 9, connection: smb },
    ],
    [
      'dionaea.module.emu.profile',
      {
        profile:
          '[{"call": "WSASocket", "args": ["2", "1", "0", "0", "0", "0"], "return": "66"}, {"call": "ExitThread", "args": ["0"], "return": "0"}]',
        connection: smb,
      },
    ],
    ['dionaea.service.shell.listen', { port: 1957, connection: smb }],
    ['dionaea.connection.tcp.listen', { connection: listener }],
    ['dionaea.connection.link', { parent: smb, child: listener }],
    ['dionaea.connection.tcp.accept', { connection: shell }],
    ['dionaea.connection.link', { parent: listener, child: shell }],
    ['dionaea.download.offer', { url, connection: shell }],
    ['dionaea.connection.tcp.connect', { connection: ftp }],
    ['dionaea.connection.link', { parent: shell, child: ftp }],
    [
      'dionaea.download.complete.hash',
      { url, file: `/opt/dionaea/binaries/${md5hash}`, md5hash, connection: shell },
    ],
    ['dionaea.connection.free', { connection: ftp }],
    ['dionaea.connection.free', { connection: shell }],
    ['dionaea.connection.free', { connection: smb }],
  ];
  const second = new Date(1_700_000_000_000 + attack * 1000).toISOString().slice(0, 19);
  return incidents
    .map(([origin, data], i) =>
      JSON.stringify({
        timestamp: `${second}.${String(i * 1000 + 1).padStart(6, '0')}`,
        name: 'dionaea',
        origin,
        data,
      }),
    )
    .join('\n');
}

/** Writes a recording of this many attacks. */
export async function writeRecording(file: string, attacks: number): Promise<void> {
  const out = createWriteStream(file);
  for (let attack = 0; attack < attacks; attack += 1)
    if (!out.write(`${attackLines(attack)}\n`)) await once(out, 'drain');
  out.end();
  await once(out, 'finish');
}
