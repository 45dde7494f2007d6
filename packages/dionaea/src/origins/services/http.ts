import { connection, type OriginDefinitions, text } from '@ihandler/core/origins';
import { z } from 'zod';

/** Web requests (the living fork; dionaea itself reports none). */
export const httpFamily = {
  'dionaea.modules.python.http.request': {
    schema: z.object({
      method: text,
      path: text,
      version: text,
      headers: z.string(),
      body: text,
      connection,
    }),
    level: 'info',
    description: 'An HTTP request arrived; `headers` is JSON text (the living fork).',
    roles: { request: { method: 'method', target: 'path' } },
  },
} as const satisfies OriginDefinitions;
