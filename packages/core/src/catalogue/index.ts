import type { z } from 'zod';
import type { Connection, Value } from '../contract/incident.ts';
import type { Level } from '../contract/log.ts';
import { connectionFamily } from './families/connection.ts';
import { downloadFamily } from './families/download.ts';
import { emulationFamily } from './families/emulation.ts';
import { ihandlerFamily } from './families/ihandler.ts';
import { netlinkFamily } from './families/netlink.ts';
import { p0fFamily } from './families/p0f.ts';
import { ftpFamily } from './families/services/ftp.ts';
import { httpFamily } from './families/services/http.ts';
import { mqttFamily } from './families/services/mqtt.ts';
import { mssqlFamily } from './families/services/mssql.ts';
import { mysqlFamily } from './families/services/mysql.ts';
import { nbnsFamily } from './families/services/nbns.ts';
import { pptpFamily } from './families/services/pptp.ts';
import { printerFamily } from './families/services/printer.ts';
import { sipFamily } from './families/services/sip.ts';
import { smbFamily } from './families/services/smb.ts';
import { snmpFamily } from './families/services/snmp.ts';
import { uploadFamily } from './families/services/upload.ts';
import { shellFamily } from './families/shell.ts';
import { virustotalFamily } from './families/virustotal.ts';
import type { CatalogueEntry } from './family.ts';

export { misfitOf } from './check.ts';
export type { CatalogueEntry } from './family.ts';

/**
 * Every origin of the catalogue with the schema of its data, its default level and its description: all origins that dionaea
 * and its living fork can report, and those of the dispatcher.
 */
export const catalogue = {
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
  ...ihandlerFamily,
} as const satisfies Readonly<Record<string, CatalogueEntry>>;

type Frozen<T> = [Value] extends [T]
  ? T
  : T extends string | number | boolean | null | Uint8Array | Connection
    ? T
    : T extends readonly (infer Item)[]
      ? readonly Frozen<Item>[]
      : { readonly [Key in keyof T]: Frozen<T[Key]> };

type Catalogue = typeof catalogue;

/** The data that fits a schema, as an incident holds it: read-only all the way down. */
export type DataOf<S extends z.ZodType> = Frozen<z.output<S>>;

type Derived = { readonly [O in keyof Catalogue]: DataOf<Catalogue[O]['schema']> };

/** The data of each origin of the catalogue. */
export interface CatalogueMap extends Derived {}

declare module '@ihandler/core' {
  interface IncidentMap extends CatalogueMap {}
}

const origins: readonly string[] = Object.freeze(Object.keys(catalogue));

/** The origins of the catalogue, family by family. */
export function knownOrigins(): readonly string[] {
  return origins;
}

/** The default level of an origin; `info` for an origin that is not in the catalogue. */
export function levelOf(origin: string): Level {
  // Safe: the key is the catalogue's own.
  return Object.hasOwn(catalogue, origin) ? catalogue[origin as keyof Catalogue].level : 'info';
}

export { SIP_METHODS } from './sip-methods.ts';
