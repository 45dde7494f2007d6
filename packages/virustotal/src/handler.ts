// The types of dionaea's incidents.

import { dirname, join } from 'node:path';
import {
  defineHandler,
  type HandlerContext,
  IhandlerError,
  type Incident,
  type IncidentOf,
  type Origins,
  type WritingHandler,
} from '@ihandler/core';
import { MINUTE } from '@ihandler/core/kit';
import type {} from '@ihandler/dionaea/origins';
import { assertDriver } from '@ihandler/sqlite-file';
import { createApi } from './api/api.ts';
import { createHttpClient, type HttpClient } from './api/http-client.ts';
import { REPORT, VERDICT } from './backlog/outbox.ts';
import type { SeenSample } from './backlog/put-sample.ts';
import { isHere, storeFolders } from './backlog/store-folders.ts';
import { type InstanceData, openInstanceData } from './instance-data.ts';
import { KEY, parseVirusTotalOptions, type Settings, type VirusTotalOptions } from './options.ts';
import { origins, reportSchema } from './origins.ts';
import { readStoredSample, STORED } from './stored-sample.ts';
import { type Alarm, createAlarm } from './worker/alarm.ts';
import { Worker } from './worker/worker.ts';

export type { VirusTotalOptions } from './options.ts';
export type { VerdictData } from './origins.ts';

/** The parts that a test replaces: time and randomness. */
export interface VirusTotalParts {
  readonly createAlarm?: () => Alarm;
  readonly random?: () => number;
  /** In milliseconds. @default 60000 */
  readonly longestSleep?: number;
}

/** The API key. Throws `OPTIONS_INVALID` with instructions when it is missing or invalid. */
export function keyOf({ apiKey }: Settings): string {
  if (apiKey !== undefined && KEY.test(apiKey)) return apiKey;
  throw new IhandlerError(
    'OPTIONS_INVALID',
    apiKey !== undefined
      ? 'virustotal: the environment variable VIRUSTOTAL_API_KEY: expected a key of letters and digits without quotes, as VirusTotal shows it; found another value (hidden).'
      : 'virustotal: no API key. Create a free account at https://www.virustotal.com, copy the key (menu "API key") and set the option apiKey or the environment variable VIRUSTOTAL_API_KEY. To run without VirusTotal, remove the entry virustotal.',
  );
}

/** The path of the database of an instance. */
export function fileOf(settings: Settings, dataDir: string): string {
  return settings.file ?? join(dataDir, 'virustotal.sqlite');
}

const accepts = [
  'dionaea.download.complete.hash',
  'dionaea.download.complete.again',
  'dionaea.download.complete.unique',
  STORED,
] as const;

type Download = IncidentOf<Exclude<(typeof accepts)[number], typeof STORED>>;

const ofDionaea: ReadonlySet<string> = new Set(accepts);

/** The sample that an incident names; one without a hash when a stored sample does not fit its schema. */
function seenIn(
  incident: Incident,
  folders: () => readonly string[],
  declared: Pick<Origins, 'factsOf'>,
): SeenSample {
  const cause = { id: incident.id, sensor: incident.sensor };
  if (incident.origin === STORED) {
    const stored = readStoredSample(incident);
    if (stored === undefined) return { cause };
    const { file, ...seen } = stored;
    // A store on another machine may report a path that exists here, too: only files in the known folders count.
    return isHere(file, folders()) ? { ...seen, cause, path: file, isKept: true } : { ...seen, cause };
  }
  if (!ofDionaea.has(incident.origin)) {
    const { sha256, md5, size, file } = declared.factsOf('capture', incident) ?? {};
    return {
      ...(sha256 !== undefined && { sha256 }),
      ...(md5 !== undefined && { md5 }),
      ...(size !== undefined && { size }),
      ...(incident.local === true && file !== undefined && file !== '' && { path: file }),
      cause,
    };
  }
  // Safe: the other origins are dionaea's, so that their data fits.
  const { origin, local, data } = incident as Download;
  const { md5hash, sha256hash, file } = data;
  // Before `again` or `unique` the file need not exist.
  const exists = local === true && origin !== 'dionaea.download.complete.hash';
  const path = exists && file !== '' ? file : undefined;
  return {
    md5: md5hash,
    ...(sha256hash !== undefined && { sha256: sha256hash }),
    ...(path !== undefined && { path }),
    cause,
  };
}

interface Running {
  readonly data: InstanceData;
  /** The folders whose files may be uploaded. */
  readonly sampleFolders: () => readonly string[];
  readonly http: HttpClient;
  readonly worker: Worker;
  readonly now: () => number;
}

/** Looks captured files up on VirusTotal, within the quota of a key. `parts` are for tests. */
export function createVirusTotal(options: VirusTotalOptions, parts: VirusTotalParts = {}): WritingHandler {
  const settings = parseVirusTotalOptions(options);
  assertDriver();
  const random = parts.random ?? Math.random;
  let running: Running | undefined;

  function start(context: HandlerContext): void {
    const key = keyOf(settings);
    const { log, now, dataDir } = context;
    const data = openInstanceData(fileOf(settings, dataDir), settings, { log, now: now(), random });
    data.cooldowns.release('key');
    const http = createHttpClient(key, settings.proxy);
    const sampleFolders = () => [...settings.sampleFolders, ...storeFolders(dirname(dataDir))];
    const worker = new Worker({
      data,
      api: createApi(http, settings.url, key, now),
      context,
      sampleFolders,
      alarm: (parts.createAlarm ?? createAlarm)(),
      random,
      longestSleep: parts.longestSleep ?? MINUTE,
    });
    worker.start();
    running = { data, sampleFolders, http, worker, now };
  }

  return defineHandler({
    name: 'virustotal',
    accepts: [...accepts, 'role:capture'],
    reports: { [REPORT]: reportSchema, [VERDICT]: origins[VERDICT].schema },
    start,
    write(batch, _checkpoint, { origins: declared }) {
      if (running === undefined)
        throw new IhandlerError('LIFE_CYCLE', 'virustotal was used before start, or after close.');
      const { data, worker, sampleFolders, now } = running;
      const outcomes = data.backlog.put(
        batch.map((incident) => seenIn(incident, sampleFolders, declared)),
        now(),
      );
      const refused = outcomes.filter((outcome) => outcome === 'refused').length;
      if (refused > 0) data.count('refused', refused);
      if (outcomes.some((outcome) => outcome === 'new' || outcome === 'again')) worker.wake();
    },
    forget(isForgotten) {
      if (running === undefined)
        throw new IhandlerError('LIFE_CYCLE', 'virustotal was used before start, or after close.');
      return running.data.forget(isForgotten);
    },
    counters: () => (running === undefined ? {} : running.data.counters(running.now())),
    problem: () => running?.data.cooldowns.failing(),
    async close() {
      const closing = running;
      running = undefined;
      if (closing === undefined) return;
      const stopped = closing.worker.stop();
      await closing.http.close();
      await stopped;
      closing.data.close();
    },
  });
}

/** Looks captured files up on VirusTotal, within the quota of a key. */
export default function virustotal(options: VirusTotalOptions = {}): WritingHandler {
  return createVirusTotal(options);
}
