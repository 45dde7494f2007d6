import type { Family } from '../family.ts';
import { connectionFamily } from './connection.ts';
import { downloadFamily } from './download.ts';
import { emulationFamily } from './emulation.ts';
import { ftpFamily } from './ftp.ts';
import { httpFamily } from './http.ts';
import { ihandlerFamily } from './ihandler.ts';
import { mqttFamily } from './mqtt.ts';
import { mssqlFamily } from './mssql.ts';
import { mysqlFamily } from './mysql.ts';
import { nbnsFamily } from './nbns.ts';
import { netlinkFamily } from './netlink.ts';
import { p0fFamily } from './p0f.ts';
import { pptpFamily } from './pptp.ts';
import { printerFamily } from './printer.ts';
import { shellFamily } from './shell.ts';
import { sipFamily } from './sip.ts';
import { smbFamily } from './smb.ts';
import { snmpFamily } from './snmp.ts';
import { uploadFamily } from './upload.ts';
import { virustotalFamily } from './virustotal.ts';

/** All families with their titles, in the order in which they are listed. */
export const families: readonly (readonly [title: string, family: Family])[] = [
  ['Connections', connectionFamily],
  ['Downloads', downloadFamily],
  ['Shells', shellFamily],
  ['Shellcode', emulationFamily],
  ['Network of the sensor', netlinkFamily],
  ['Uploads and answers of services', uploadFamily],
  ['VirusTotal', virustotalFamily],
  ['p0f', p0fFamily],
  ['SMB and DCE/RPC', smbFamily],
  ['SQL Server', mssqlFamily],
  ['MySQL', mysqlFamily],
  ['FTP', ftpFamily],
  ['MQTT', mqttFamily],
  ['PPTP', pptpFamily],
  ['SIP', sipFamily],
  ['Printer', printerFamily],
  ['HTTP', httpFamily],
  ['NetBIOS names', nbnsFamily],
  ['SNMP', snmpFamily],
  ['ihandler', ihandlerFamily],
];
