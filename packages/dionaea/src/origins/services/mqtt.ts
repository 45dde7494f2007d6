import { connection, numeral, type OriginDefinitions, text } from '@ihandler/core/origins';
import { z } from 'zod';

/** The MQTT broker. */
export const mqttFamily = {
  'dionaea.modules.python.mqtt.connect': {
    schema: z.object({
      clientid: text,
      willtopic: text,
      willmessage: text,
      username: text,
      password: text,
      connection,
    }),
    level: 'message',
    description: 'A client logged in to the MQTT broker. Values that it omitted are empty.',
    roles: {
      client: {
        kind: { value: 'mqtt' },
        version: 'clientid',
        details: { pick: ['username', 'password', 'willtopic'] },
      },
    },
  },
  'dionaea.modules.python.mqtt.publish': {
    schema: z.object({ publishtopic: text, publishmessage: text, connection }),
    level: 'info',
    description: 'A client published a message.',
    roles: { message: { topic: 'publishtopic', payload: 'publishmessage' } },
  },
  'dionaea.modules.python.mqtt.subscribe': {
    schema: z.object({ subscribemessageid: numeral, subscribetopic: text, connection }),
    level: 'info',
    description: 'A client subscribed to a topic.',
  },
} as const satisfies OriginDefinitions;
