import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Checkpoint,
  defineHandler,
  failureKind,
  type HandlerContext,
  IhandlerError,
  type Incident,
  parseIncidentId,
  permanent,
  temporary,
  type WritingHandler,
} from '@ihandler/core';
import {
  addresses,
  decodeValue,
  encodeValue,
  errorCode,
  formatCount,
  openSample,
  property,
  remoteHostsOf,
} from '@ihandler/core/kit';
import { assertDriver } from '@ihandler/sqlite-file';
import {
  type CaptureIncident,
  captureIn,
  captureOrigins,
  createAnnounced,
  createPatience,
  pathOf,
} from './capture.ts';
import { copySample, type Draft } from './copy-sample.ts';
import { readOptions, type Settings, type StoreOptions } from './options.ts';
import { origins, type StoredSample } from './origins.ts';
import { openFolder, type SampleFolder } from './sample-folder.ts';
import { openRecord, type SampleRecord, type SampleRow } from './sample-record.ts';

export type { StoreOptions } from './options.ts';
export type { StoredSample } from './origins.ts';

interface Running {
  readonly folder: SampleFolder;
  readonly record: SampleRecord;
  readonly context: HandlerContext;
}

/** The path of the sample record in the data folder of an instance. */
export function recordFile(dataDir: string): string {
  return join(dataDir, 'store.sqlite');
}

function assertSameFile(incident: CaptureIncident, { md5, sha256 }: Draft): void {
  const { data } = incident;
  const differs = (name: string, reported: string | undefined, found: string) => {
    const expected = reported?.toLowerCase() ?? found;
    if (!/^(?:[0-9a-f]{32}|[0-9a-f]{64})$/.test(expected) || expected === found) return;
    throw permanent(
      `Sample ${JSON.stringify(pathOf(incident))} rejected: expected a file with ${name} ${expected}, found ${name} ${found}. Another file has replaced it.`,
    );
  };
  differs('MD5', 'md5hash' in data ? data.md5hash : undefined, md5);
  // dionaea's fork may name the SHA-256 of another form of the file.
  if (!('md5hash' in data)) differs('SHA-256', property(data, 'sha256hash') as string | undefined, sha256);
}

/**
 * Stores the samples that incidents of this machine name, each once, under its SHA-256. One record holds the samples, the
 * incident that captured each, and the checkpoint, so a crash neither loses a report nor duplicates it. Throws
 * `OPTIONS_INVALID`.
 */
export default function store(options: StoreOptions): WritingHandler {
  const settings = readOptions(options);
  assertDriver();
  const counts = { stored: 0, known: 0, evicted: 0, remote: 0 };
  const announced = createAnnounced();
  let running: Running | undefined;

  function current(): Running {
    if (running === undefined)
      throw new IhandlerError('LIFE_CYCLE', 'store was used before start, or after close.');
    return running;
  }

  return defineHandler({
    name: 'store',
    accepts: [...captureOrigins, 'role:capture'],
    reports: { 'ihandler.sample.stored': origins['ihandler.sample.stored'].schema },
    async start(context) {
      const folder = await openFolder(settings, context.dataDir);
      const record = openRecord(recordFile(context.dataDir));
      running = { folder, record, context };
    },
    checkpoint: () => current().record.checkpoint(),
    async write(batch, checkpoint, context) {
      const state = current();
      // Counted only when the batch succeeds, so that a retry does not count twice.
      const tally = { known: 0, remote: 0 };
      const patience = createPatience(context);
      for (const named of batch) {
        const incident = captureIn(named, context.origins);
        if (incident === undefined) continue;
        const row = state.record.capturedBy(incident.id) ?? (await storeNew(incident));
        // Safe: `rowOf` encodes every report in the record.
        if (row !== undefined)
          await context.report('ihandler.sample.stored', decodeValue(row.report) as StoredSample, {
            cause: incident,
          });
      }
      state.record.advance(checkpoint);
      counts.known += tally.known;
      counts.remote += tally.remote;

      /** The row of a new sample; undefined when the incident brings none. */
      async function storeNew(incident: CaptureIncident): Promise<SampleRow | undefined> {
        // Redelivered only for its report, and it has no row.
        if (isCovered(incident, checkpoint)) return undefined;
        if (incident.local !== true) {
          tally.remote += 1;
          return undefined;
        }
        const isStored = announced.take(incident);
        if (isStored) return undefined;
        try {
          const row = await patience.untilThere(incident, () => storeSample(incident, state, tally));
          announced.add(incident, true);
          return row;
        } catch (cause) {
          const error = explainFull(cause, state.folder.path);
          if (failureKind(error) !== 'permanent') throw error;
          announced.add(incident, false);
          // dionaea deletes this temporary file right after reporting it, and reports the permanent file next.
          if (incident.origin === 'dionaea.download.complete') return undefined;
          // The `.hash` for the same file is in the dead letters.
          if (isStored === false) return undefined;
          throw error;
        }
      }
    },
    forget(isForgotten) {
      const { changed, problem } = current().record.rewriteReports((text) =>
        withoutAttacker(text, isForgotten),
      );
      const removed = `removed the host from the record of ${formatCount(changed, 'sample')}; the samples are kept`;
      return problem === undefined ? removed : `${removed}; ${problem}`;
    },
    counters() {
      const total = running?.record.total();
      return { ...counts, ...(total && { samples: total.count, bytes: total.bytes }) };
    },
    close() {
      const closing = running;
      running = undefined;
      closing?.record.close();
    },
  });

  async function storeSample(
    incident: CaptureIncident,
    { folder, record, context }: Running,
    tally: Pick<typeof counts, 'known'>,
  ): Promise<SampleRow | undefined> {
    const draft = await copyAllowed(pathOf(incident), folder, settings);
    const known = record.bySha256(draft.sha256);
    try {
      assertSameFile(incident, draft);
      if (known?.kept !== 1) await makeRoom(draft, { folder, record, context });
    } catch (error) {
      await folder.discard(draft);
      throw error;
    }
    await folder.keep(draft);
    if (known !== undefined) {
      tally.known += 1;
      if (known.kept === 0) record.setKept(draft.sha256, true);
      return undefined;
    }
    const row = rowOf(incident, draft, folder.pathOf(draft.sha256), context.now());
    // Added at once, so that the next sample of the batch sees how much space is left. If the batch fails or the process
    // dies, the redelivered incident finds its row and reports it.
    record.add(row);
    counts.stored += 1;
    return row;
  }

  /** Deletes the oldest samples until there is space for `draft`. */
  async function makeRoom(draft: Draft, { folder, record, context }: Running): Promise<void> {
    const limit = await folder.limit();
    if (draft.size > limit)
      throw permanent(
        `Sample rejected: it has ${draft.size} bytes, more than all samples together may have (${limit}). Raise "maxSize" to store it.`,
      );
    for (let over = record.total().bytes + draft.size - limit; over > 0; ) {
      const [oldest] = record.kept(1);
      if (oldest === undefined) return;
      await folder.remove(oldest.sha256);
      record.setKept(oldest.sha256, false);
      counts.evicted += 1;
      context.log.info('deleted the oldest sample to make space', {
        sha256: oldest.sha256,
        bytes: oldest.size,
      });
      over -= oldest.size;
    }
  }
}

function isCovered({ id }: Incident, checkpoint: Checkpoint): boolean {
  return !Object.hasOwn(checkpoint, parseIncidentId(id).stream);
}

async function copyAllowed(
  path: string,
  folder: SampleFolder,
  { sampleFolders, maxSampleSize }: Settings,
): Promise<Draft> {
  for (let attempt = 1; ; attempt += 1) {
    const sample = await openSample(path, sampleFolders);
    try {
      return await copySample(sample, path, { folder: folder.incoming, maxSampleSize });
    } catch (error) {
      if (attempt >= ATTEMPTS || property(error, 'sampleChanged') !== true) throw error;
    } finally {
      await sample.close();
    }
    // The sensor is still writing.
    await pause(attempt * PAUSE);
  }
}

/** How often a file that changes while it is read is read. */
const ATTEMPTS = 4;
/** Milliseconds to wait after the first attempt; longer after each further one. */
const PAUSE = 100;

const fullCodes = ['ENOSPC', 'EDQUOT'];

/** Makes a full disk a temporary error that names the folder, so that nothing is lost. Returns any other error unchanged. */
function explainFull(error: unknown, folder: string): unknown {
  return fullCodes.includes(errorCode(error))
    ? temporary(
        `Disk full: cannot store a sample in ${folder}. Free disk space, or lower "maxSize". The samples are stored when there is space.`,
        { cause: error },
      )
    : error;
}

function rowOf({ id, data }: CaptureIncident, draft: Draft, file: string, storedAt: number): SampleRow {
  const { sha256, sha1, md5, size, type } = draft;
  const { connection } = data;
  const report = { sha256, sha1, md5, size, type, file, url: data.url, ...(connection && { connection }) };
  return { sha256, sha1, md5, size, type, storedAt, kept: 1, incident: id, report: encodeValue(report) };
}

/** The report of a sample without its URL and connection; undefined when that host is not forgotten. */
function withoutAttacker(text: string, isForgotten: (host: string) => boolean): string | undefined {
  // Safe: see `rowOf`.
  const { connection, url, ...rest } = decodeValue(text) as StoredSample;
  if (!addresses.areNamed({ connection, url }, isForgotten)) return undefined;
  const isAttacker = connection !== undefined && remoteHostsOf({ data: { connection } }).some(isForgotten);
  // The URL of another attacker names the host: only that goes.
  return encodeValue({ ...rest, url: '', ...(!isAttacker && connection && { connection }) });
}
