import { connection, type OriginDefinitions, text } from '@ihandler/core/origins';
import { z } from 'zod';

/** Microsoft SQL Server. */
export const mssqlFamily = {
  'dionaea.modules.python.mssql.login': {
    schema: z.object({
      username: z.string(),
      password: z.string(),
      cltintname: z.string(),
      hostname: z.string(),
      appname: z.string(),
      connection,
    }),
    level: 'message',
    description: 'A login to the SQL Server, with the data that the client sent about itself.',
    roles: {
      login: { username: 'username', password: 'password', method: { value: 'password' } },
      client: {
        kind: { value: 'mssql' },
        version: 'appname',
        details: { pick: ['hostname', 'cltintname'] },
      },
    },
  },
  'dionaea.modules.python.mssql.cmd': {
    schema: z.object({ status: z.string(), cmd: text, connection }),
    level: 'message',
    description: 'A batch of SQL was sent to the SQL Server.',
    roles: { command: { input: 'cmd', realm: { value: 'sql' } } },
  },
} as const satisfies OriginDefinitions;
