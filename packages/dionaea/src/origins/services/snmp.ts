import { connection, type OriginDefinitions } from '@ihandler/core/origins';
import { z } from 'zod';

const message = z.object({
  version: z.string(),
  community: z.string(),
  pdu_type: z.string(),
  oids: z.string(),
  connection,
});

/** Network management (the living fork). */
export const snmpFamily = {
  'dionaea.modules.python.snmp.request': {
    schema: message,
    level: 'info',
    description: 'An SNMP request arrived; `oids` is separated by commas.',
    roles: { request: { method: 'pdu_type', target: 'oids' } },
  },
  'dionaea.modules.python.snmp.trap': {
    schema: message,
    level: 'info',
    description: 'An SNMP trap or inform arrived.',
    roles: { request: { method: 'pdu_type', target: 'oids' } },
  },
} as const satisfies OriginDefinitions;
