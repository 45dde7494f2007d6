// The module that is augmented must be imported.
import type {} from '@ihandler/core';
import { connection, defineOrigins, type OriginMap } from '@ihandler/core/origins';
import { z } from 'zod';

/** What the sensor reports. `ihandler origins dist/origins.js` writes it to origins.json. */
export const origins = defineOrigins({
  'example-name.login': {
    schema: z.looseObject({ connection, user: z.string(), password: z.string() }),
    level: 'info',
    description: 'An attacker tried to log in.',
    roles: { login: { username: 'user', password: 'password' } },
  },
});

declare module '@ihandler/core' {
  interface IncidentMap extends OriginMap<typeof origins> {}
}
