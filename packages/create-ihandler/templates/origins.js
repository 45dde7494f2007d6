import { connection, defineOrigins } from '@ihandler/core/origins';
import { z } from 'zod';

/** What the sensor reports. `ihandler origins src/origins.js` writes it to origins.json. */
export const origins = defineOrigins({
  'example-name.login': {
    schema: z.looseObject({ connection, user: z.string(), password: z.string() }),
    level: 'info',
    description: 'An attacker tried to log in.',
    roles: { login: { username: 'user', password: 'password' } },
  },
});
