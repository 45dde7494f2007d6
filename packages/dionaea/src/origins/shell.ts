import { connection, numeral, type OriginDefinitions } from '@ihandler/core/origins';
import { z } from 'zod';

/** Shells that shellcode asked for. */
export const shellFamily = {
  'dionaea.service.shell.listen': {
    schema: z.object({
      port: numeral,
      host: z.string().exactOptional(),
      connection: connection.exactOptional(),
    }),
    level: 'warning',
    description: 'Shellcode requested a shell that listens on a port.',
    roles: { service: { name: { text: 'bindshell://{port}' } } },
  },
  'dionaea.service.shell.connect': {
    schema: z.object({ host: z.string(), port: numeral, connection: connection.exactOptional() }),
    level: 'warning',
    description: 'Shellcode requested a shell that connects back.',
    roles: { service: { name: { text: 'connectbackshell://{host}:{port}' } } },
  },
} as const satisfies OriginDefinitions;
