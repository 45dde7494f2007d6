import { z } from 'zod';
import type { Family } from '../../family.ts';
import { connection, text } from '../../values.ts';

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
  },
  'dionaea.modules.python.mssql.cmd': {
    schema: z.object({ status: z.string(), cmd: text, connection }),
    level: 'message',
    description: 'A batch of SQL was sent to the SQL Server.',
  },
} as const satisfies Family;
