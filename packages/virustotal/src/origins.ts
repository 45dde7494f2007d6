import type { CatalogueEntry, DataOf } from '@ihandler/core/kit';
import { z } from 'zod';

/** The origins that this package adds: the schema of their data, their level and what they mean. */
export const virustotalOrigins = {
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
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;

/** The data of `ihandler.virustotal.verdict`. */
export type VerdictData = DataOf<(typeof virustotalOrigins)['ihandler.virustotal.verdict']['schema']>;

declare module '@ihandler/core' {
  interface IncidentMap {
    'ihandler.virustotal.verdict': VerdictData;
  }
}
