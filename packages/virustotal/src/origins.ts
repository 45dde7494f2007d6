// The module that is augmented must be imported.
import type {} from '@ihandler/core';
import { type DataOf, defineOrigins } from '@ihandler/core/origins';
import { z } from 'zod';

const scan = z.object({ result: z.string().nullable() });

/** The report of a sample in the form of API 2, which dionaea's tables have. The origin is declared by `@ihandler/dionaea`. */
export const reportSchema = z.object({
  md5hash: z.string(),
  report: z.object({
    response_code: z.int(),
    permalink: z.string().exactOptional(),
    scan_date: z.string().exactOptional(),
    scans: z.object({}).catchall(scan).exactOptional(),
  }),
});

/** The origins that this package reports: the schema of their data, their level and what they mean. */
export const origins = defineOrigins({
  'ihandler.virustotal.verdict': {
    schema: z.object({
      state: z.string(),
      sha256: z.string().exactOptional(),
      md5: z.string().exactOptional(),
      askedAt: z.number(),
      stats: z.object({}).catchall(z.int()).exactOptional(),
      malicious: z.int().exactOptional(),
      engines: z.int().exactOptional(),
      label: z.string().exactOptional(),
      type: z.string().exactOptional(),
      names: z.array(z.string()).exactOptional(),
      permalink: z.string().exactOptional(),
      analysedAt: z.number().exactOptional(),
      firstSeenAt: z.number().exactOptional(),
      reason: z.string().exactOptional(),
    }),
    level: 'info',
    description:
      "VirusTotal's verdict on a sample, in the terms of its API 3. `state` is `known`, `analysed` (after an upload), `unknown` or `skipped`. `malicious` counts the engines that call the sample malicious or suspicious, of the `engines` that gave an opinion. `label` is the threat label. Times are milliseconds since the Unix epoch. `reason` says why the sample was not looked up or not uploaded. The same hash and `askedAt` are the same verdict.",
    roles: {
      verdict: {
        sha256: 'sha256',
        md5: 'md5',
        malicious: 'malicious',
        total: 'engines',
        names: 'names',
        permalink: 'permalink',
        at: 'analysedAt',
      },
    },
  },
});

/** The data of `ihandler.virustotal.verdict`. */
export type VerdictData = DataOf<(typeof origins)['ihandler.virustotal.verdict']['schema']>;

declare module '@ihandler/core' {
  interface IncidentMap {
    'ihandler.virustotal.verdict': VerdictData;
  }
}
