// The types of dionaea's incidents.

import { setTimeout as pause } from 'node:timers/promises';
import { type HandlerContext, type Incident, type Origins, parseIncidentId } from '@ihandler/core';
import { isGone } from '@ihandler/core/kit';
import type {} from '@ihandler/dionaea/origins';

/** The origins of incidents that name a captured file. */
export const captureOrigins = [
  'dionaea.download.complete',
  'dionaea.download.complete.hash',
  'dionaea.download.complete.unique',
  'dionaea.download.complete.again',
] as const;

/** An incident that names a captured file. */
export type CaptureIncident = Incident<(typeof captureOrigins)[number]>;

const ofDionaea: ReadonlySet<string> = new Set(captureOrigins);

/**
 * An incident that names a captured file, in the form of dionaea's: those of every other sensor by the facts of their role
 * `capture`. Undefined when it names no file.
 */
export function captureIn(
  incident: Incident,
  origins: Pick<Origins, 'factsOf'>,
): CaptureIncident | undefined {
  // Safe: an incident that fits its schema has the data of its origin.
  if (ofDionaea.has(incident.origin)) return incident as CaptureIncident;
  const { file, url, md5, sha256, connection } = origins.factsOf('capture', incident) ?? {};
  if (file === undefined) return undefined;
  const data = {
    file,
    url: url ?? '',
    ...(md5 !== undefined && { md5hash: md5 }),
    ...(sha256 !== undefined && { sha256hash: sha256 }),
    ...(connection && { connection }),
  };
  // Safe: whatever reads `md5hash` checks that it is there.
  return { ...incident, data } as unknown as CaptureIncident;
}

/** The path of the captured file. */
export function pathOf({ data }: CaptureIncident): string {
  return 'path' in data ? data.path : data.file;
}

/** How many announced samples are remembered. */
const mostAnnounced = 1000;

/** The samples that a `.hash` has announced. */
export interface Announced {
  /** Remembers whether the sample of a `.hash` was stored. Ignores other incidents. */
  add(incident: CaptureIncident, isStored: boolean): void;
  /**
   * Whether the sample of the `.hash` before this `.unique` or `.again`, which dionaea reports for the same sample, was
   * stored; undefined without a `.hash`. Forgets it.
   */
  take(incident: CaptureIncident): boolean | undefined;
}

/**
 * Remembers announced samples, so that each capture is read, and if need be rejected, once. dionaea's database holds only the
 * `.hash`; its other reports hold a `.unique` or `.again` behind it.
 */
export function createAnnounced(): Announced {
  const known = new Map<string, boolean>();
  const keyOf = ({ id, data }: CaptureIncident) =>
    `${parseIncidentId(id).stream.split('~')[0]} ${'md5hash' in data ? data.md5hash : ''}`;
  return {
    add(incident, isStored) {
      if (incident.origin !== 'dionaea.download.complete.hash') return;
      known.set(keyOf(incident), isStored);
      const [oldest] = known.keys();
      if (known.size > mostAnnounced && oldest !== undefined) known.delete(oldest);
    },
    take(incident) {
      if (!/\.(?:unique|again)$/.test(incident.origin)) return undefined;
      const key = keyOf(incident);
      const isStored = known.get(key);
      known.delete(key);
      return isStored;
    },
  };
}

/** Milliseconds to wait for a file, and how often; a file that was announced longer ago is not waited for. */
const [step, attempts, recent] = [100, 6, 60_000] as const;

/** Waits for files that are announced before they have their name, once in a batch. */
export function createPatience({ now }: Pick<HandlerContext, 'now'>): {
  untilThere<T>(incident: CaptureIncident, read: () => Promise<T>): Promise<T>;
} {
  let hasWaited = false;
  return {
    async untilThere({ origin, timestamp }, read) {
      const isAnnounced = origin === 'dionaea.download.complete.hash' && now() - timestamp < recent;
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await read();
        } catch (error) {
          if (!isAnnounced || hasWaited || !isGone(error)) throw error;
          hasWaited = attempt === attempts;
        }
        await pause(step);
      }
    },
  };
}
