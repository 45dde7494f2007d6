import { z } from 'zod';
import type { Family } from '../../family.ts';
import { connection, text } from '../../values.ts';

/** Remote procedure calls over SMB and the endpoint mapper. */
export const smbFamily = {
  'dionaea.modules.python.smb.dcerpc.bind': {
    schema: z.object({ uuid: z.string(), transfersyntax: z.string(), connection }),
    level: 'info',
    description: 'An attacker bound to a DCE/RPC interface. The living fork adds the name: `<uuid> (NAME)`.',
  },
  'dionaea.modules.python.smb.dcerpc.request': {
    schema: z.object({
      uuid: z.string(),
      opnum: z.int(),
      stub_data: text.exactOptional(),
      connection,
    }),
    level: 'message',
    description: 'An attacker called an operation of a DCE/RPC interface. Its effects were reported before.',
  },
} as const satisfies Family;
