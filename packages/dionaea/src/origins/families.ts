import type { OriginDefinitions } from '@ihandler/core/origins';
import { connectionFamily } from './connection.ts';
import { downloadFamily } from './download.ts';
import { emulationFamily } from './emulation.ts';
import { netlinkFamily } from './netlink.ts';
import { p0fFamily } from './p0f.ts';
import { ftpFamily } from './services/ftp.ts';
import { httpFamily } from './services/http.ts';
import { mqttFamily } from './services/mqtt.ts';
import { mssqlFamily } from './services/mssql.ts';
import { mysqlFamily } from './services/mysql.ts';
import { nbnsFamily } from './services/nbns.ts';
import { pptpFamily } from './services/pptp.ts';
import { printerFamily } from './services/printer.ts';
import { sipFamily } from './services/sip.ts';
import { smbFamily } from './services/smb.ts';
import { snmpFamily } from './services/snmp.ts';
import { uploadFamily } from './services/upload.ts';
import { shellFamily } from './shell.ts';
import { virustotalFamily } from './virustotal.ts';

/** All families with their titles, in the order of the page of incidents. */
export const families: readonly (readonly [title: string, family: OriginDefinitions])[] = [
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
];
