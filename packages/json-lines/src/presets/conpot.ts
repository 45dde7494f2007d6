import type { MappingInput } from '../mapping.ts';

const traffic = { request: { method: 'event_type', target: 'request' } };

/**
 * conpot's log: industrial control systems. The time of every line is that of the begin of its session. A line without an event
 * type is a request.
 */
export const conpot: MappingInput = {
  name: 'conpot',
  time: { path: 'timestamp', format: 'iso' },
  origin: {
    path: 'event_type',
    prefix: 'conpot.',
    names: {
      NEW_CONNECTION: 'session.connect',
      CONNECTION_LOST: 'session.lost',
      CONNECTION_TERMINATED: 'session.lost',
      CONNECTION_TIMEOUT: 'session.lost',
      CONNECTION_CLOSED: 'session.lost',
      CONNECTION_FAILED: 'session.lost',
      CONNECTION_QUIT: 'session.lost',
    },
    otherwise: 'conpot.request',
  },
  connection: {
    id: 'id',
    protocol: 'data_type',
    transport: { lookup: '{data_type}', in: { snmp: 'udp', bacnet: 'udp', ipmi: 'udp', tftp: 'udp' } },
    local: { host: 'dst_ip', port: 'dst_port' },
    remote: { host: 'src_ip', port: 'src_port' },
  },
  requires: ['data_type', 'sensorid', 'id', 'src_ip'],
  origins: {
    'conpot.session.connect': { description: 'A session began.' },
    'conpot.session.lost': { level: 'debug', description: 'A connection of a session ended.' },
    'conpot.request': {
      level: 'message',
      description: 'A request arrived, or a response was sent.',
      roles: traffic,
    },
  },
};
