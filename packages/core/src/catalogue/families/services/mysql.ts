import { z } from 'zod';
import type { Family } from '../../family.ts';
import { connection, text } from '../../values.ts';

/** MySQL. */
export const mysqlFamily = {
  'dionaea.modules.python.mysql.login': {
    schema: z.object({ username: text, password: z.string(), connection }),
    level: 'message',
    description: 'A login to MySQL; dionaea leaves the password empty.',
  },
  'dionaea.modules.python.mysql.command': {
    schema: z.object({ command: z.int(), args: z.array(z.string()).exactOptional(), connection }),
    level: 'info',
    description: "A command was sent to MySQL; `command` is the protocol's number of it.",
  },
} as const satisfies Family;
