import { connection, type OriginDefinitions, ofConnection, text } from '@ihandler/core/origins';
import { z } from 'zod';

/** Shellcode found and emulated. */
export const emulationFamily = {
  'dionaea.shellcode.detected': {
    schema: z.object({
      data: text.exactOptional(),
      offset: z.int().exactOptional(),
      arch: z.string().exactOptional(),
      connection: connection.exactOptional(),
    }),
    level: 'warning',
    description:
      'Shellcode was found in a stream. dionaea reports it without data; the living fork includes the code.',
  },
  'dionaea.xmatch.detected': {
    schema: z.object({}),
    level: 'message',
    description: 'A known encoding was found in a stream.',
  },
  'dionaea.module.emu.profile': {
    schema: z.object({ profile: z.string(), connection }),
    level: 'warning',
    description:
      'Shellcode was emulated; `profile` is JSON text that lists its calls. The text may be damaged.',
    roles: { exploit: { name: { value: 'shellcode' }, evidence: 'profile' } },
  },
  'dionaea.module.emu.mkshell': {
    schema: ofConnection,
    level: 'warning',
    description: 'Emulated shellcode started a shell.',
  },
} as const satisfies OriginDefinitions;
