import type { UntypedData } from '@ihandler/core';
import { serviceConnection } from '../connection.ts';

const md5hash = '87136c488903474630369e232704fa4d';
const sha256hash = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae';
const connection = serviceConnection('smbd', 445);
const url = 'http://203.0.113.9/sample.exe';
const stored = { file: `var/lib/dionaea/binaries/${md5hash}`, url, md5hash, sha256hash, connection };
const answer = { path: 'var/lib/dionaea/binaries/httpupload-1.tmp', _userdata: md5hash };
const address = { addr: '192.0.2.1', iface: 'eth0', scope: 0 };
const profile = '[{"call": "WinExec", "args": ["cmd /c calc", "0"], "return": "32"}]';

/** Example data by origin: shellcode, files, services that are asked about files, and the sensor itself. */
export const fileExamples = {
  'dionaea.shellcode.detected': { offset: 0, connection },
  'dionaea.xmatch.detected': {},
  'dionaea.module.emu.profile': { profile, connection },
  'dionaea.module.emu.mkshell': { connection },
  'dionaea.service.shell.listen': { port: 1957, connection },
  'dionaea.service.shell.connect': { host: '198.51.100.7', port: 4444, connection },
  'dionaea.download.offer': { url, connection },
  'dionaea.download.complete': { path: 'var/lib/dionaea/binaries/http-1.tmp', url, connection },
  'dionaea.download.complete.hash': stored,
  'dionaea.download.complete.again': stored,
  'dionaea.download.complete.unique': stored,
  'dionaea.upload.request': {
    _url: 'https://service.example/upload',
    _callback: 'submithttp.result',
    user: '[redacted]',
    md5: md5hash,
  },
  'dionaea.upload.complete': {
    path: 'var/lib/dionaea/binaries/tftp-1.tmp',
    url: 'tftp://198.51.100.7/sample.exe',
    sha256: sha256hash,
    origin_filename: 'sample.exe',
    connection: serviceConnection('TftpServerHandler', 69, 'udp'),
  },
  'dionaea.modules.python.submithttp.result': answer,
  'dionaea.modules.python.submithttp.uploadresult': answer,
  'dionaea.modules.python.hpfeeds.dynipresult': answer,
  'dionaea.modules.python.virustotal.get_file_report': answer,
  'dionaea.modules.python.virustotal_scan_file': answer,
  'dionaea.modules.python.virustotal_make_comment': answer,
  'dionaea.modules.python.virustotal.report': {
    md5hash,
    report: {
      response_code: 1,
      permalink: `https://www.virustotal.com/gui/file/${sha256hash}`,
      scan_date: '2026-01-01 00:00:00',
      scans: { Engine: { result: 'Trojan.Generic', detected: true } },
    },
  },
  'dionaea.module.nl.addr.new': address,
  'dionaea.module.nl.addr.del': address,
  'dionaea.module.nl.addr.hup': address,
  'dionaea.module.nl.connection.info.mac': { mac: '02:00:00:00:00:01', connection },
  'ihandler.handler.failed': {
    instance: 'other',
    handler: 'other',
    origin: 'dionaea.download.offer',
    incident: 'some-stream:7',
    message: 'the disk is on fire',
    attempts: 5,
  },
  'ihandler.incident.forgotten': {},
} as const satisfies Readonly<Record<string, UntypedData>>;
