import { z } from 'zod';
import type { Family } from '../family.ts';
import { flag, maybeString, numeral } from '../values.ts';

/** The verdict of one engine. */
export const virustotalScan = z.object({
  result: maybeString,
  detected: flag.exactOptional(),
  version: maybeString.exactOptional(),
  update: maybeString.exactOptional(),
});

/** A report in the form of VirusTotal's API 2, which dionaea's tables are made for. */
export const virustotalReport = z.object({
  response_code: numeral,
  permalink: z.string().exactOptional(),
  scan_date: z.string().exactOptional(),
  scans: z.object({}).catchall(virustotalScan).exactOptional(),
});

const path = z.string();

/** What VirusTotal knows of a sample. */
export const virustotalFamily = {
  'dionaea.modules.python.virustotal.report': {
    schema: z.union([
      z.object({ md5hash: z.string(), path, report: virustotalReport.exactOptional() }),
      z.object({ md5hash: z.string(), path: path.exactOptional(), report: virustotalReport }),
    ]),
    level: 'message',
    description:
      'VirusTotal knows a sample. dionaea names a temporary file with the report; ours carries the report itself.',
  },
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
    level: 'message',
    description:
      'What VirusTotal says of a sample in the form of its API 3. `state`: `known`, `analysed` (after an upload), `unknown`, `skipped`; `malicious`: how many engines call it malicious or suspicious, of the `engines` that gave an opinion; `label`: the threat label; times in milliseconds; `reason`: why it was not asked, or not uploaded. The same hash and `askedAt` is the same verdict.',
  },
} as const satisfies Family;
