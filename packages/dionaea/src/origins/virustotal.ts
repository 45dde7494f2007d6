import { flag, maybeString, numeral, type OriginDefinitions } from '@ihandler/core/origins';
import { z } from 'zod';

/** The result of one engine. */
export const virustotalScan = z.object({
  result: maybeString,
  detected: flag.exactOptional(),
  version: maybeString.exactOptional(),
  update: maybeString.exactOptional(),
});

/** A report in the form of VirusTotal's API 2, the form of dionaea's tables. */
export const virustotalReport = z.object({
  response_code: numeral,
  permalink: z.string().exactOptional(),
  scan_date: z.string().exactOptional(),
  scans: z.object({}).catchall(virustotalScan).exactOptional(),
});

const path = z.string();

/** Reports of VirusTotal about samples. */
export const virustotalFamily = {
  'dionaea.modules.python.virustotal.report': {
    schema: z.union([
      z.object({ md5hash: z.string(), path, report: virustotalReport.exactOptional() }),
      z.object({ md5hash: z.string(), path: path.exactOptional(), report: virustotalReport }),
    ]),
    level: 'message',
    description:
      'VirusTotal knows a sample. dionaea names a temporary file with the report; ihandler includes the report itself.',
    roles: {
      verdict: {
        md5: 'md5hash',
        malicious: 'report.positives',
        total: ['report.total', { path: 'report.scans', as: 'count' }],
        permalink: 'report.permalink',
        at: { path: 'report.scan_date', as: 'time' },
      },
    },
  },
} as const satisfies OriginDefinitions;
