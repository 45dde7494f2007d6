import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Checkpoint,
  createIncident,
  type HandlerContext,
  type Incident,
  type IncidentMap,
  parseIncidentId,
  type WritingHandler,
} from '@ihandler/core';
import { handlerContext } from '@ihandler/testkit';
import { onTestFinished } from 'vitest';
import store, { type StoreOptions } from '../handler.ts';

/** A folder of binaries beside the data folder of an instance. Both are removed after the test. */
export function sensorFolders(): {
  readonly root: string;
  readonly binaries: string;
  readonly dataDir: string;
} {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ihandler-store-')));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folders = { root, binaries: join(root, 'binaries'), dataDir: join(root, 'store') };
  mkdirSync(folders.binaries);
  mkdirSync(folders.dataDir);
  return folders;
}

/** Writes a sample as dionaea does: under its MD5. */
export function capture(
  binaries: string,
  content: string | Uint8Array,
): { readonly file: string; readonly md5: string } {
  const md5 = createHash('md5').update(content).digest('hex');
  const file = join(binaries, md5);
  writeFileSync(file, content, { mode: 0o600 });
  return { file, md5 };
}

const connection = {
  id: 'c1',
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: '192.0.2.1', port: 445 },
  remote: { host: '198.51.100.7', port: 4000, hostname: '' },
};

/** The incident that dionaea reports for a permanent sample. */
export function unique(
  ordinal: number,
  { file, md5 }: { readonly file: string; readonly md5: string },
  parts: { readonly local?: boolean; readonly origin?: string; readonly stream?: string } = {},
): Incident {
  const { local = true, origin = 'dionaea.download.complete.unique', stream = 's' } = parts;
  const data = { file, md5hash: md5, url: 'http://198.51.100.7/x', connection };
  return createIncident({
    id: `${stream}:${ordinal}`,
    origin,
    timestamp: ordinal,
    sensor: 'pot',
    data,
    local,
  });
}

/** A running store and its reports. */
export interface RunningStore {
  readonly handler: WritingHandler;
  readonly reports: (IncidentMap['ihandler.sample.stored'] & { readonly cause: string })[];
  /** Writes a batch with its checkpoint, or redelivers it only for its reports. */
  write(batch: readonly Incident[], again?: 'again'): Promise<void>;
}

/** Starts a store on these folders. It is closed after the test. */
export async function startStore(
  options: StoreOptions,
  dataDir: string,
  overrides: Partial<HandlerContext> = {},
): Promise<RunningStore> {
  const reports: RunningStore['reports'] = [];
  const { context } = handlerContext({
    instance: 'store',
    dataDir,
    async report(_origin: string, data: unknown, options?: { readonly cause?: { readonly id: string } }) {
      // Safe: a store reports nothing else.
      reports.push({ ...(data as IncidentMap['ihandler.sample.stored']), cause: options?.cause?.id ?? '' });
    },
    ...overrides,
  });
  const handler = store(options);
  await handler.start?.(context);
  onTestFinished(() => handler.close?.());
  return {
    handler,
    reports,
    async write(batch, again) {
      const checkpoint: Record<string, number> = {};
      for (const { id } of again ? [] : batch) {
        const { stream, ordinal } = parseIncidentId(id);
        checkpoint[stream] = Math.max(checkpoint[stream] ?? 0, ordinal);
      }
      await handler.write(batch, checkpoint as Checkpoint, context);
    },
  };
}
