import type { UntypedData } from '@ihandler/core';
import { connection, serviceConnection } from '../connection.ts';

type Examples = Readonly<Record<`dionaea.connection.${string}`, UntypedData>>;

const tcp = { connection: connection() };
const tls = { connection: serviceConnection('httpd', 443, 'tls') };
const dtls = { connection: serviceConnection('SipSession', 5061, 'dtls') };
const udp = { connection: serviceConnection('SipSession', 5060, 'udp') };
const outgoing = {
  connection: connection({
    id: 'c2',
    protocol: 'ftpctrl',
    local: { port: 50_000 },
    remote: { host: '203.0.113.9', port: 21, hostname: 'files.example' },
  }),
};
const listening = {
  connection: connection({
    id: 'c3',
    protocol: 'remoteshell',
    local: { port: 1957 },
    remote: { host: '', port: 0 },
  }),
};
const link = { parent: tcp.connection, child: outgoing.connection };

/** What one incident of each origin looks like: connections. */
export const connectionExamples: Examples = {
  'dionaea.connection.tcp.listen': listening,
  'dionaea.connection.tls.listen': listening,
  'dionaea.connection.tcp.accept': tcp,
  'dionaea.connection.tls.accept': tls,
  'dionaea.connection.dtls.accept': dtls,
  'dionaea.connection.tcp.connect': outgoing,
  'dionaea.connection.tls.connect': outgoing,
  'dionaea.connection.udp.connect': udp,
  'dionaea.connection.dtls.connect': dtls,
  'dionaea.connection.tcp.reject': tcp,
  'dionaea.connection.tcp.pending': { ...tcp, nfaction: 0 },
  'dionaea.connection.link': link,
  'dionaea.connection.link.early': link,
  'dionaea.connection.free': tcp,
};
