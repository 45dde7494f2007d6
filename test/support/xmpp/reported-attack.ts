import { xml } from '@xmpp/client';
import type { LegacyClient } from './legacy-client.ts';

const url = 'ftp://1:1@93.177.176.190:8218/ssms.exe';
const md5_hash = '78c9042bbcefd65beaa0d40386da9f89';
const attacker = '93.177.176.190';

function connection(
  type: string,
  protocol: string,
  ref: number,
  ports: readonly [local: number, remote: number],
) {
  const [local_port, remote_port] = ports.map(String);
  return xml('connection', {
    type,
    transport: protocol === 'SipSession' ? 'udp' : 'tcp',
    protocol,
    local_host: '127.0.0.1',
    local_port,
    remote_host: type === 'listen' ? '' : attacker,
    remote_hostname: '',
    remote_port,
    ref: String(ref),
  });
}

const addr = xml('addr', {}, xml('uri', { scheme: 'sip', user: '100', host: '127.0.0.1', port: '5060' }));

const invite = xml(
  'sipcommand',
  { method: 'INVITE', ref: '6', call_id: 'f8f9' },
  xml('address', {}, addr),
  xml('to', {}, addr),
  xml('contact', {}, addr),
  xml('from', {}, addr),
  xml('vias', {}, xml('via', { address: attacker, port: '5060', protocol: 'UDP' })),
  xml('allowlist', {}, xml('allow', {}, 'INVITE'), xml('allow', {}, 'ACK')),
  xml(
    'sdp',
    {},
    xml('origin', {
      username: '-',
      unicast_address: attacker,
      nettype: 'IN',
      addrtype: 'IP4',
      sess_id: '1',
      sess_version: '2',
    }),
    xml('connectiondata', { connection_address: attacker, addrtype: 'IP4', nettype: 'IN' }),
    xml('medialist', {}, xml('media', { proto: 'RTP/AVP', port: '49170', media: 'audio' })),
  ),
);

const p0f = { genre: 'Windows', link: 'ethernet/modem', detail: 'XP SP1+, 2000 SP3', uptime: '-1', tos: '' };

/** The stanzas of an old dionaea for an attack with an exploit, a shell and a download, a MySQL login, and a SIP call. */
const stanzas: readonly (readonly [incident: string, element: ReturnType<typeof xml>])[] = [
  ['dionaea.connection.tcp.accept', connection('accept', 'smbd', 1, [445, 47650])],
  ['dionaea.modules.python.p0f', xml('p0f', { ...p0f, dist: '11', fw: '0', nat: '0', ref: '1' })],
  [
    'dionaea.modules.python.smb.dcerpc.bind',
    xml('dcerpcbind', {
      uuid: '3919286a-b10c-11d0-9ba8-00c04fd92ef5',
      transfersyntax: '8a885d04-1ceb-11c9-9fe8-08002b104860',
      ref: '1',
    }),
  ],
  [
    'dionaea.modules.python.smb.dcerpc.request',
    xml('dcerpcrequest', { uuid: '3919286a-b10c-11d0-9ba8-00c04fd92ef5', opnum: '9', ref: '1' }),
  ],
  [
    'dionaea.module.emu.profile',
    xml('profile', { ref: '1' }, "[{'call': 'WSASocket', 'args': ['2', '1'], 'return': '66'}]"),
  ],
  ['dionaea.connection.tcp.listen', connection('listen', 'remoteshell', 2, [1957, 0])],
  ['dionaea.connection.link', xml('link', { child: '2', parent: '1' })],
  ['dionaea.connection.tcp.accept', connection('accept', 'remoteshell', 3, [1957, 2135])],
  ['dionaea.connection.link', xml('link', { child: '3', parent: '2' })],
  ['dionaea.download.offer', xml('offer', { url, ref: '3' })],
  // The link of the control connection comes before its announcement.
  ['dionaea.connection.link', xml('link', { child: '4', parent: '3' })],
  ['dionaea.connection.tcp.connect', connection('connect', 'ftpctrl', 4, [37065, 8218])],
  ['dionaea.download.complete.hash', xml('download', { url, md5_hash, ref: '3' })],
  ['dionaea.connection.free', xml('connection', { ref: '1' })],
  ['dionaea.connection.tcp.accept', connection('accept', 'mysqld', 5, [3306, 4711])],
  [
    'dionaea.modules.python.mysql.login',
    xml('mysqllogin', { username: 'root', password: 'é<&>"', ref: '5' }),
  ],
  ['dionaea.modules.python.mysql.command', xml('mysqlcommand', { cmd: '1', ref: '5' })],
  [
    'dionaea.modules.python.mysql.command',
    xml(
      'mysqlcommand',
      { cmd: '3', ref: '5' },
      xml('args', {}, xml('arg', { index: '0' }, 'select @@version'), xml('arg', { index: '1' }, '')),
    ),
  ],
  ['dionaea.connection.udp.connect', connection('connect', 'SipSession', 6, [5060, 5060])],
  ['dionaea.modules.python.sip.command', invite],
  [
    'dionaea.modules.python.virustotal.report',
    xml(
      'virustotal',
      { md5_hash, permalink: 'http://www.virustotal.com/analisis/1', date: '1274440000' },
      xml('scan', { scanner: 'nProtect', result: 'Worm/W32.Kolabc' }),
      xml('scan', { scanner: 'Clean', result: '' }),
    ),
  ],
];

/** Sends the stanzas of an attack and a sample. Resolves with the number of incidents for a hub, which ignores the sample. */
export async function sendAttack(sensor: LegacyClient): Promise<number> {
  const [first, ...rest] = stanzas;
  if (first === undefined) throw new Error('expected a stanza');
  await sensor.send(...first);
  await sensor.send('dionaea.download.complete.unique', xml('file', { md5_hash }, 'TVogZXZpbA=='));
  for (const each of rest) await sensor.send(...each);
  return stanzas.length;
}
