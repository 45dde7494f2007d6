import { connection, loose, type OriginDefinitions } from '@ihandler/core/origins';
import { z } from 'zod';

/** Passive fingerprints of operating systems. */
export const p0fFamily = {
  'dionaea.modules.python.p0f': {
    schema: z.object({
      magic: loose.exactOptional(),
      id: loose.exactOptional(),
      type: loose.exactOptional(),
      genre: loose,
      detail: loose,
      dist: loose,
      link: loose,
      tos: loose,
      fw: loose,
      nat: loose,
      real: loose.exactOptional(),
      score: loose.exactOptional(),
      mflags: loose.exactOptional(),
      uptime: loose,
      connection,
    }),
    level: 'info',
    description: 'p0f guessed the operating system and the link of a peer.',
    roles: {
      client: {
        kind: { value: 'p0f' },
        version: { text: '{genre} {detail}' },
        details: { pick: ['link', 'dist', 'nat', 'fw', 'uptime'] },
      },
    },
  },
} as const satisfies OriginDefinitions;
