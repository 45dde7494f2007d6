import { connection, type OriginDefinitions, text } from '@ihandler/core/origins';
import { z } from 'zod';

/** The protocol's commands by number. */
const COMMANDS = {
  0: 'COM_SLEEP',
  1: 'COM_QUIT',
  2: 'COM_INIT_DB',
  3: 'COM_QUERY',
  4: 'COM_FIELD_LIST',
  5: 'COM_CREATE_DB',
  6: 'COM_DROP_DB',
  7: 'COM_REFRESH',
  8: 'COM_SHUTDOWN',
  9: 'COM_STATISTICS',
  10: 'COM_PROCESS_INFO',
  11: 'COM_CONNECT',
  12: 'COM_PROCESS_KILL',
  13: 'COM_DEBUG',
  14: 'COM_PING',
  15: 'COM_TIME',
  16: 'COM_DELAYED_INSERT',
  17: 'COM_CHANGE_USER',
  18: 'COM_BINLOG_DUMP',
  19: 'COM_TABLE_DUMP',
  20: 'COM_CONNECT_OUT',
  21: 'COM_REGISTER_SLAVE',
  22: 'COM_STMT_PREPARE',
  23: 'COM_STMT_EXECUTE',
  24: 'COM_STMT_SEND_LONG_DATA',
  25: 'COM_STMT_CLOSE',
  26: 'COM_STMT_RESET',
  27: 'COM_SET_OPTION',
  28: 'COM_STMT_FETCH',
};

/** MySQL. */
export const mysqlFamily = {
  'dionaea.modules.python.mysql.login': {
    schema: z.object({ username: text, password: z.string(), connection }),
    level: 'message',
    description: 'A login to MySQL; dionaea leaves the password empty.',
    roles: { login: { username: 'username', password: 'password', method: { value: 'password' } } },
  },
  'dionaea.modules.python.mysql.command': {
    schema: z.object({ command: z.int(), args: z.array(z.string()).exactOptional(), connection }),
    level: 'info',
    description: "A command was sent to MySQL; `command` is the protocol's number of it.",
    roles: {
      command: {
        input: ['args.0', { lookup: '{command}', in: COMMANDS }],
        realm: { value: 'sql' },
      },
    },
  },
} as const satisfies OriginDefinitions;
