import { connection, type OriginDefinitions, text } from '@ihandler/core/origins';
import { z } from 'zod';

/** The FTP server. */
export const ftpFamily = {
  'dionaea.modules.python.ftp.command': {
    schema: z.object({ command: text, arguments: z.array(z.string()), connection }),
    level: 'info',
    description: 'A command was sent to the FTP server, as the client spelled it.',
    roles: { command: { input: [{ text: '{command} {arguments}' }, 'command'], realm: { value: 'ftp' } } },
  },
  'dionaea.modules.python.ftp.login': {
    schema: z.object({ username: z.string(), password: z.string(), connection }),
    level: 'message',
    description: 'A login to the FTP server.',
    roles: { login: { username: 'username', password: 'password', method: { value: 'password' } } },
  },
} as const satisfies OriginDefinitions;
