import type { JsonSchema } from '../contract/meaning/json-schema.ts';
import type { OriginDescription } from '../contract/meaning/origins.ts';
import { createOrigins, type DeclaredOrigins } from '../origins/create-origins.ts';

const string: JsonSchema = { type: 'string' };
const text: JsonSchema = { $ref: '#/$defs/Text' };
const connection: JsonSchema = { $ref: '#/$defs/Connection' };
const endpoint = { host: string, port: { type: 'integer' } };

function declaration(
  roles: OriginDescription['roles'] & object,
  required: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
) {
  const properties = { ...required, ...optional };
  return {
    level: 'info',
    description: 'Something happened.',
    roles,
    schema: { type: 'object', properties, required: Object.keys(required) },
  } as const;
}

/** A few origins of a sensor, as its package would declare them. */
export const sensorOrigins: DeclaredOrigins = {
  $defs: {
    Bytes: { type: 'object', properties: { $bytes: string }, required: ['$bytes'] },
    Text: { anyOf: [string, { $ref: '#/$defs/Bytes' }] },
    Connection: {
      type: 'object',
      properties: {
        id: string,
        protocol: string,
        transport: string,
        local: { type: 'object', properties: endpoint, required: ['host', 'port'] },
        remote: {
          type: 'object',
          properties: { ...endpoint, hostname: { anyOf: [string, { type: 'null' }] } },
          required: ['host', 'port', 'hostname'],
        },
      },
      required: ['id', 'protocol', 'transport', 'local', 'remote'],
    },
  },
  origins: {
    'dionaea.connection.tcp.accept': declaration(
      { 'connection.open': { how: { value: 'accept' } } },
      { connection },
    ),
    'dionaea.connection.free': declaration({ 'connection.close': {} }, { connection }),
    'dionaea.connection.link': declaration(
      { 'connection.child': {} },
      { parent: connection, child: connection },
    ),
    'dionaea.download.offer': declaration({ offer: { url: 'url' } }, { url: text }, { connection }),
    'dionaea.download.complete.hash': declaration(
      { capture: { md5: 'md5hash', url: 'url', file: 'file' } },
      { file: string, url: string, md5hash: string },
      { connection, sha256hash: string },
    ),
    'dionaea.modules.python.ftp.login': declaration(
      { login: { username: 'username', password: 'password' } },
      { username: string, password: string, connection },
    ),
  },
};

/** The registry of {@link sensorOrigins}. */
export const sensorRegistry = createOrigins([sensorOrigins]);
