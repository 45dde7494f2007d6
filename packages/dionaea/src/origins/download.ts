import { connection, type OriginDefinitions, text } from '@ihandler/core/origins';
import { z } from 'zod';

const stored = z.object({
  file: z.string(),
  url: z.string(),
  md5hash: z.string(),
  sha256hash: z.string().exactOptional(),
  connection: connection.exactOptional(),
});

/** What an attacker wanted the sensor to fetch, or gave it. */
export const downloadFamily = {
  'dionaea.download.offer': {
    schema: z.object({
      url: text,
      ftpmode: z.string().exactOptional(),
      connection: connection.exactOptional(),
    }),
    level: 'message',
    description: 'An attacker named a URL from which to fetch a file.',
    roles: { offer: { url: 'url' } },
  },
  'dionaea.download.complete': {
    schema: z.object({ path: z.string(), url: z.string(), connection: connection.exactOptional() }),
    level: 'info',
    description: 'A file arrived; `path` is a temporary file on the sensor, `url` is empty for an upload.',
  },
  'dionaea.download.complete.hash': {
    schema: stored,
    level: 'info',
    description: 'A file that arrived was hashed; `file` is its future path on the sensor.',
    roles: { capture: { md5: 'md5hash', sha256: 'sha256hash', url: 'url', file: 'file' } },
  },
  'dionaea.download.complete.again': {
    schema: stored,
    level: 'message',
    description: 'A file arrived that the sensor already has.',
  },
  'dionaea.download.complete.unique': {
    schema: stored,
    level: 'warning',
    description: 'A file arrived that is new to the sensor.',
  },
} as const satisfies OriginDefinitions;
