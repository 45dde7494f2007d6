import type { UntypedData } from '@ihandler/core';
import { serviceConnection } from '../connection.ts';

/** The origins of dionaea's services, which are all called after modules of it. */
type Examples = Readonly<Record<`dionaea.modules.python.${string}`, UntypedData>>;

const smb = serviceConnection('smbd', 445);
const mssql = serviceConnection('mssqld', 1433);
const mysql = serviceConnection('mysqld', 3306);
const ftp = serviceConnection('ftpd', 21);
const mqtt = serviceConnection('mqttd', 1883);
const nbns = serviceConnection('nbnsd', 137, 'udp');
const snmp = serviceConnection('snmpd', 161, 'udp');
const snmpMessage = { version: 'v2c', community: 'public', oids: '1.3.6.1.2.1.1.1.0', connection: snmp };

/** What one incident of each origin looks like: services. */
export const serviceExamples: Examples = {
  'dionaea.modules.python.smb.dcerpc.bind': {
    uuid: '4b324fc8-1670-01d3-1278-5a47bf6ee188',
    transfersyntax: '8a885d04-1ceb-11c9-9fe8-08002b104860',
    connection: smb,
  },
  'dionaea.modules.python.smb.dcerpc.request': {
    uuid: '4b324fc8-1670-01d3-1278-5a47bf6ee188',
    opnum: 31,
    connection: smb,
  },
  'dionaea.modules.python.mssql.login': {
    username: 'sa',
    password: 'P@ssw0rd',
    hostname: 'WORKSTATION',
    appname: 'OSQL-32',
    cltintname: 'ODBC',
    connection: mssql,
  },
  'dionaea.modules.python.mssql.cmd': {
    status: 'complete',
    cmd: "exec xp_cmdshell 'whoami'",
    connection: mssql,
  },
  'dionaea.modules.python.mysql.login': { username: 'root', password: '', connection: mysql },
  'dionaea.modules.python.mysql.command': { command: 3, args: ['SHOW DATABASES'], connection: mysql },
  'dionaea.modules.python.ftp.command': { command: 'RETR', arguments: ['sample.exe'], connection: ftp },
  'dionaea.modules.python.ftp.login': { username: 'anonymous', password: 'guest', connection: ftp },
  'dionaea.modules.python.mqtt.connect': {
    clientid: 'client-1',
    willtopic: '',
    willmessage: '',
    username: 'admin',
    password: 'admin',
    connection: mqtt,
  },
  'dionaea.modules.python.mqtt.publish': {
    publishtopic: 'home/door',
    publishmessage: 'open',
    connection: mqtt,
  },
  'dionaea.modules.python.mqtt.subscribe': {
    subscribemessageid: 1,
    subscribetopic: '#',
    connection: mqtt,
  },
  'dionaea.modules.python.pptp.connect': {
    firmware_revision: 0,
    max_channels: 0,
    protocol_version: 256,
    remote_hostname: '',
    vendor_name: 'Microsoft',
    connection: serviceConnection('pptpd', 1723),
  },
  'dionaea.modules.python.printer.print': {
    path: 'var/lib/dionaea/printer/job-1',
    connection: serviceConnection('printerd', 9100),
  },
  'dionaea.modules.python.http.request': {
    method: 'GET',
    path: '/index.php',
    version: 'HTTP/1.1',
    headers: '{"Host": "192.0.2.1"}',
    body: '',
    connection: serviceConnection('httpd', 80),
  },
  'dionaea.modules.python.nbns.query': {
    name: 'WPAD',
    suffix: 0,
    suffix_name: 'Workstation',
    opcode: 0,
    opcode_name: 'query',
    qtype: 32,
    is_wpad: true,
    connection: nbns,
  },
  'dionaea.modules.python.nbns.malformed': { error: 'too short', raw_data: '00ff', connection: nbns },
  'dionaea.modules.python.snmp.request': { ...snmpMessage, pdu_type: 'get' },
  'dionaea.modules.python.snmp.trap': { ...snmpMessage, pdu_type: 'trap' },
  'dionaea.modules.python.p0f': {
    genre: 'Windows',
    detail: 'XP SP1+, 2000 SP3',
    dist: '12',
    link: 'ethernet/modem',
    tos: '',
    fw: '0',
    nat: '0',
    uptime: '-1',
    connection: smb,
  },
};
