import type { OriginDescription, Role } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';

const PREFIX = 'dionaea.';

/** Whether an origin is dionaea's: its own tables hold the same rows of its incidents as dionaea writes. */
export function isDionaea(origin: string): boolean {
  return origin.startsWith(PREFIX);
}

const description = 'A connection of dionaea.';
const opened = (how: string, ...transports: string[]) =>
  transports.map((transport): [string, OriginDescription] => [
    `dionaea.connection.${transport}.${how}`,
    { level: 'info', description, roles: { 'connection.open': { how: { value: how } } } },
  ]);
const link: OriginDescription = { level: 'debug', description, roles: { 'connection.child': {} } };

/**
 * What dionaea's incidents about connections mean, for a program without the package that declares them: a hub receives
 * them from other machines, and its databases need the connections.
 */
export const dionaeaConnections = createOrigins([
  {
    origins: Object.fromEntries([
      ...opened('listen', 'tcp', 'tls'),
      ...opened('accept', 'tcp', 'tls'),
      ...opened('connect', 'tcp', 'tls', 'udp'),
      ...opened('reject', 'tcp'),
      ...opened('pending', 'tcp'),
      ['dionaea.connection.link', link],
      ['dionaea.connection.link.early', link],
      ['dionaea.connection.free', { level: 'debug', description, roles: { 'connection.close': {} } }],
    ]),
  },
]);

/** dionaea's log_sqlite ignores these. */
export const unannounced: ReadonlySet<string> = new Set([
  'dionaea.connection.dtls.accept',
  'dionaea.connection.dtls.connect',
]);

/** Incidents that repeat another one of the same file. */
export const repetitions: ReadonlySet<string> = new Set([
  'dionaea.download.complete',
  'dionaea.download.complete.again',
  'dionaea.download.complete.unique',
]);

/** The roles that tell more than the rows of an incident in dionaea's tables, by origin. */
export const moreThanDionaea: ReadonlyMap<string, readonly Role[]> = new Map([
  ['dionaea.download.complete.hash', ['capture']],
  ['dionaea.modules.python.smb.dcerpc.request', ['exploit']],
]);
