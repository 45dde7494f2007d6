import { join } from 'node:path';
import {
  type Checkpoint,
  catalogue,
  defineHandler,
  failureKind,
  type HandlerContext,
  IhandlerError,
  type Incident,
  type IncidentMap,
  parseIncidentId,
  permanent,
  temporary,
  type WritingHandler,
} from '@ihandler/core';
import { decodeValue, encodeValue, errorCode, openSample } from '@ihandler/core/kit';
import { copySample, type Draft } from './copy-sample.ts';
import { readOptions, type Settings, type StoreOptions } from './options.ts';
import { openFolder, type SampleFolder } from './sample-folder.ts';
import { openRecord, type SampleRecord, type SampleRow } from './sample-record.ts';

export type { StoreOptions } from './options.ts';

/** What the handler takes. */
type Brought = Incident<
  'dionaea.download.complete' | 'dionaea.download.complete.unique' | 'dionaea.download.complete.again'
>;
type Report = IncidentMap['ihandler.sample.stored'];

interface Running {
  readonly folder: SampleFolder;
  readonly record: SampleRecord;
  readonly context: HandlerContext;
}

/** Where a store keeps its record, in the folder of its instance. */
export function recordFile(dataDir: string): string {
  return join(dataDir, 'store.sqlite');
}

function pathOf({ data }: Brought): string {
  return 'path' in data ? data.path : data.file;
}

function assertPromised(incident: Brought, { md5 }: Draft): void {
  const { data } = incident;
  const promised = 'md5hash' in data ? data.md5hash.toLowerCase() : md5;
  if (/^[0-9a-f]{32}$/.test(promised) && promised !== md5)
    throw permanent(
      `The sample ${JSON.stringify(pathOf(incident))} is not taken: expected a file with the MD5 ${promised}, found one with ${md5}: it is another file by now.`,
    );
}

/**
 * Keeps the samples that incidents of this machine name, each once, under its SHA-256. Samples, which incident brought each
 * and the checkpoint are in one record, so that a crash neither loses a report nor makes two of it. Throws
 * `OPTIONS_INVALID`.
 */
export default function store(options: StoreOptions): WritingHandler {
  const settings = readOptions(options);
  const counts = { stored: 0, known: 0, evicted: 0, remote: 0 };
  let running: Running | undefined;

  function current(): Running {
    if (running === undefined)
      throw new IhandlerError('LIFE_CYCLE', 'store was used before start, or after close.');
    return running;
  }

  return defineHandler({
    name: 'store',
    accepts: [
      'dionaea.download.complete',
      'dionaea.download.complete.unique',
      'dionaea.download.complete.again',
    ],
    reports: { 'ihandler.sample.stored': catalogue['ihandler.sample.stored'].schema },
    async start(context) {
      const folder = await openFolder(settings, context.dataDir);
      const record = openRecord(recordFile(context.dataDir));
      running = { folder, record, context };
    },
    checkpoint: () => current().record.checkpoint(),
    async write(batch, checkpoint, context) {
      const state = current();
      // What is tried again is counted once.
      const tally = { known: 0, remote: 0 };
      for (const incident of batch) {
        const row = state.record.broughtBy(incident.id) ?? (await take(incident));
        // Safe: what is in the record has been reported, or is to be, in just this form.
        if (row !== undefined)
          await context.report('ihandler.sample.stored', decodeValue(row.report) as Report, {
            cause: incident,
          });
      }
      state.record.advance(checkpoint);
      counts.known += tally.known;
      counts.remote += tally.remote;

      /** The row of a sample that was not known. */
      async function take(incident: Brought): Promise<SampleRow | undefined> {
        // Given again only so that it is reported again, and it was not what brought a sample.
        if (isCovered(incident, checkpoint)) return undefined;
        if (incident.local !== true) {
          tally.remote += 1;
          return undefined;
        }
        try {
          return await keep(incident, state, tally);
        } catch (cause) {
          const error = explainFull(cause, state.folder.path);
          // A temporary file, which dionaea removes as soon as it has told of it; the one that lasts is told of next.
          if (incident.origin === 'dionaea.download.complete' && failureKind(error) === 'permanent')
            return undefined;
          throw error;
        }
      }
    },
    forget(isForgotten) {
      const changed = current().record.rewriteReports((text) => withoutAttacker(text, isForgotten));
      return `took the address out of what is known of ${changed} samples, which stay`;
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

  async function keep(
    incident: Brought,
    { folder, record, context }: Running,
    tally: Pick<typeof counts, 'known'>,
  ): Promise<SampleRow | undefined> {
    const draft = await copied(pathOf(incident), folder, settings);
    const known = record.bySha256(draft.sha256);
    try {
      assertPromised(incident, draft);
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
    // At once, so that the next one of the batch finds how much room is left. Should the batch fail or the process die, it is
    // this incident, given again, that finds its row and reports it.
    record.add(row);
    counts.stored += 1;
    return row;
  }

  /** Removes the oldest samples until there is room for another. */
  async function makeRoom(draft: Draft, { folder, record, context }: Running): Promise<void> {
    const limit = await folder.limit();
    if (draft.size > limit)
      throw permanent(
        `The sample is not taken: it has ${draft.size} bytes, and all samples together may have ${limit} ("maxTotal").`,
      );
    for (let over = record.total().bytes + draft.size - limit; over > 0; ) {
      const [oldest] = record.kept(1);
      if (oldest === undefined) return;
      await folder.remove(oldest.sha256);
      record.setKept(oldest.sha256, false);
      counts.evicted += 1;
      context.log.info('the oldest sample went to make room', {
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

async function copied(path: string, folder: SampleFolder, { from, maxFile }: Settings): Promise<Draft> {
  const sample = await openSample(path, from);
  try {
    return await copySample(sample, path, { folder: folder.incoming, maxFile });
  } finally {
    await sample.close();
  }
}

const fullCodes = ['ENOSPC', 'EDQUOT'];

/** Says of a full disk where it is, and what to do; it passes, so that nothing is lost. Any other error stays as it is. */
function explainFull(error: unknown, folder: string): unknown {
  return fullCodes.includes(errorCode(error))
    ? temporary(
        `There is no room for a sample in ${folder}: expected free disk, or a "maxTotal" that leaves some. Samples wait until there is.`,
        { cause: error },
      )
    : error;
}

function rowOf({ id, data }: Brought, draft: Draft, file: string, storedAt: number): SampleRow {
  const { sha256, sha1, md5, size, type } = draft;
  const { connection } = data;
  const report = { sha256, sha1, md5, size, type, file, url: data.url, ...(connection && { connection }) };
  return { sha256, sha1, md5, size, type, storedAt, kept: 1, incident: id, report: encodeValue(report) };
}

/** What is known of a sample without who brought it; undefined when it was somebody else. */
function withoutAttacker(text: string, isForgotten: (host: string) => boolean): string | undefined {
  // Safe: see `rowOf`.
  const { connection, url: _url, ...rest } = decodeValue(text) as Report;
  if (connection === undefined || !isForgotten(connection.remote.host)) return undefined;
  return encodeValue({ ...rest, url: '' });
}
