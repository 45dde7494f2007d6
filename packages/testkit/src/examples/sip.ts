import type { UntypedData } from '@ihandler/core';
import { serviceConnection } from '../connection.ts';

function address(user: string, host: string): UntypedData {
  return {
    display_name: null,
    uri: { scheme: 'sip', user, password: null, host, port: null, params: {}, headers: [] },
    params: {},
  };
}

/** What one incident of each origin looks like: telephony. */
export const sipExamples: Readonly<Record<string, UntypedData>> = {
  'dionaea.modules.python.sip.command': {
    method: 'INVITE',
    call_id: '845752980453913316694142',
    user_agent: 'friendly-scanner',
    addr: address('100', '192.0.2.1'),
    to: address('100', '192.0.2.1'),
    contact: address('100', '192.0.2.1'),
    from: [address('sipvicious', '198.51.100.7')],
    via: [{ protocol: 'UDP', address: '198.51.100.7', port: 5061, _params: [['branch', 'z9hG4bK-1']] }],
    allow: ['INVITE', 'ACK'],
    sdp: {
      c: {
        nettype: 'IN',
        addrtype: 'IP4',
        connection_address: '198.51.100.7',
        ttl: null,
        number_of_addresses: null,
      },
      o: {
        username: '-',
        sess_id: '1',
        sess_version: '1',
        nettype: 'IN',
        addrtype: 'IP4',
        unicast_address: '198.51.100.7',
      },
      m: [{ media: 'audio', port: 8000, number_of_ports: null, proto: 'RTP/AVP', fmt: ['0'] }],
    },
    connection: serviceConnection('SipSession', 5060, 'udp'),
  },
};
