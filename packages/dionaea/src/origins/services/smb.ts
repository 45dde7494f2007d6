import { connection, type OriginDefinitions, text } from '@ihandler/core/origins';
import { z } from 'zod';

/** The operations that are known for a vulnerability, by interface and number. */
const VULNERABLE_OPERATIONS = {
  '4d9f4ab8-7d1c-11cf-861e-0020af6e7c57/0': 'MS03-26',
  '3919286a-b10c-11d0-9ba8-00c04fd92ef5/9': 'MS04-11',
  '000001a0-0000-0000-c000-000000000046/4': 'MS04-12',
  'fdb3a030-065f-11d1-bb9b-00a024ea5525/6': 'MS07-065',
  'fdb3a030-065f-11d1-bb9b-00a024ea5525/9': 'MS05-017',
  'e67ab081-9844-3521-9d32-834f038001c0/1': 'MS06-66',
  'e67ab081-9844-3521-9d32-834f038001c0/9': 'MS06-66',
  '8d9f4e40-a03d-11ce-8f69-08003e30051b/54': 'MS05-39',
  '4b324fc8-1670-01d3-1278-5a47bf6ee188/31': 'MS08-67',
  '4b324fc8-1670-01d3-1278-5a47bf6ee188/32': 'MS08-67',
  '6bffd098-a112-3610-9833-46c3f87e345a/27': 'MS03-39',
  '2f5f3220-c126-1076-b549-074d078619da/12': 'MS04-031',
};

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
    roles: {
      exploit: {
        name: { lookup: '{uuid:word}/{opnum}', in: VULNERABLE_OPERATIONS },
        evidence: { text: '{uuid} {opnum}' },
      },
    },
  },
} as const satisfies OriginDefinitions;
