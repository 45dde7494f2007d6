import type { MappingInput } from '../mapping.ts';

/** adbhoney's log: an Android Debug Bridge. Only the first line of a session has its addresses. */
export const adbhoney: MappingInput = {
  name: 'adbhoney',
  time: { path: 'timestamp', format: 'iso' },
  origin: {
    path: 'eventid',
    otherwise: 'adbhoney.log',
    prefix: 'adbhoney.',
    names: {
      'adbhoney.session.connect': 'session.connect',
      'adbhoney.session.closed': 'session.closed',
      'adbhoney.command.input': 'command.input',
      'adbhoney.session.file_upload': 'session.file_upload',
      'adbhoney.session.file_download': 'session.file_download',
    },
  },
  connection: {
    id: 'session',
    protocol: { value: 'adb' },
    local: { host: ['dst_ip', 'dest_ip'], port: ['dst_port', 'dest_port'] },
    remote: { host: 'src_ip', port: 'src_port' },
    remember: true,
  },
  requires: ['eventid', 'session', 'unixtime'],
  origins: {
    'adbhoney.log': { description: 'An event that this mapping does not know.' },
    'adbhoney.session.connect': {
      description: 'A client connected.',
      roles: { 'connection.open': { how: { value: 'accept' } } },
    },
    'adbhoney.session.closed': {
      level: 'debug',
      description: 'A session ended.',
      closes: true,
      roles: { 'connection.close': { duration: { path: 'duration', as: 'seconds' } } },
    },
    'adbhoney.command.input': {
      level: 'message',
      description: 'A command was entered.',
      roles: { command: { input: 'input', realm: { value: 'shell' } } },
    },
    'adbhoney.session.file_upload': {
      level: 'message',
      description: 'A client pushed a file.',
      roles: { capture: { sha256: 'shasum', name: 'filename', url: { value: '' }, file: 'outfile' } },
    },
    'adbhoney.session.file_download': {
      level: 'message',
      description: 'The sensor fetched a file that a command names.',
      roles: {
        offer: { url: 'src_url' },
        capture: { sha256: 'shasum', name: 'filename', url: 'src_url', file: 'outfile' },
      },
    },
  },
};
