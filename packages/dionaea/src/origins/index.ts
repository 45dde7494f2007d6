// The module that is augmented must be imported.
import type {} from '@ihandler/core';
import type { OriginMap, SharedValue } from '@ihandler/core/origins';
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
import { sipAddress, sipFamily, sipSdp, sipVia } from './services/sip.ts';
import { smbFamily } from './services/smb.ts';
import { snmpFamily } from './services/snmp.ts';
import { uploadFamily } from './services/upload.ts';
import { shellFamily } from './shell.ts';
import { virustotalFamily, virustotalReport } from './virustotal.ts';

/** All origins that dionaea and its living fork can report. */
export const origins = {
  ...connectionFamily,
  ...downloadFamily,
  ...shellFamily,
  ...emulationFamily,
  ...netlinkFamily,
  ...uploadFamily,
  ...virustotalFamily,
  ...p0fFamily,
  ...smbFamily,
  ...mssqlFamily,
  ...mysqlFamily,
  ...ftpFamily,
  ...mqttFamily,
  ...pptpFamily,
  ...sipFamily,
  ...printerFamily,
  ...httpFamily,
  ...nbnsFamily,
  ...snmpFamily,
} as const;

/** Values that several of the origins share. */
export const shared: readonly SharedValue[] = [
  ['SipAddress', sipAddress, 'A SIP address. `params` and `headers` are missing in data from a database.'],
  ['SipVia', sipVia, 'A hop of a SIP message; `_params` is a list of pairs.'],
  ['SipSdp', sipSdp, 'A session description (RFC 4566).'],
  ['VirusTotalReport', virustotalReport, "A report in the form of VirusTotal's API 2."],
];

/** The data of each origin of dionaea. */
export interface DionaeaIncidents extends OriginMap<typeof origins> {}

declare module '@ihandler/core' {
  interface IncidentMap extends DionaeaIncidents {}
}
