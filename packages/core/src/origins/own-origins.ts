import type { OriginsFile } from '../contract/meaning/origins.ts';

/** What the dispatcher itself reports. */
export const ownOrigins: OriginsFile = {
  origins: {
    'ihandler.handler.failed': {
      level: 'critical',
      description:
        'A handler failed on an incident, which is now in its dead letters; `incident` is its id. Without `incident`: a handler did not start.',
      schema: {
        type: 'object',
        properties: {
          instance: { type: 'string' },
          handler: { type: 'string' },
          origin: { type: 'string' },
          incident: { type: 'string' },
          message: { type: 'string' },
          attempts: { type: 'integer' },
        },
        required: ['instance', 'handler', 'message', 'attempts'],
      },
    },
    'ihandler.incident.forgotten': {
      level: 'debug',
      description:
        'Stands in for an incident that `ihandler forget` removed, so that every delivery count still balances.',
      schema: { type: 'object' },
    },
  },
};
