import {
  anyList,
  anyRecord,
  connection,
  loose,
  maybeNumeral,
  maybeString,
  type OriginDefinitions,
  text,
} from '@ihandler/core/origins';
import { z } from 'zod';

/** A SIP address. `params` and `headers` are missing where a database kept only the rest. */
export const sipAddress = z.object({
  display_name: maybeString,
  uri: z.object({
    scheme: maybeString,
    user: maybeString,
    password: maybeString,
    host: maybeString,
    port: maybeNumeral,
    params: anyRecord.exactOptional(),
    headers: anyList.exactOptional(),
  }),
  params: anyRecord.exactOptional(),
});

/** A hop that a SIP message took; `_params` is a list of pairs. */
export const sipVia = z.object({
  protocol: maybeString,
  address: maybeString,
  port: maybeNumeral,
  _params: anyList.exactOptional(),
});

/** A session description (RFC 4566): connection, origin, media. */
export const sipSdp = z.object({
  c: z.object({
    nettype: maybeString,
    addrtype: maybeString,
    connection_address: maybeString,
    ttl: maybeNumeral,
    number_of_addresses: maybeNumeral,
  }),
  o: z.object({
    username: maybeString,
    sess_id: loose.nullable(),
    sess_version: loose.nullable(),
    nettype: maybeString,
    addrtype: maybeString,
    unicast_address: maybeString,
  }),
  m: z.array(
    z.object({
      media: maybeString,
      port: maybeNumeral,
      number_of_ports: maybeNumeral,
      proto: maybeString,
      fmt: anyList.exactOptional(),
    }),
  ),
});

/** Telephony. */
export const sipFamily = {
  'dionaea.modules.python.sip.command': {
    schema: z.object({
      method: text,
      call_id: text,
      user_agent: text.nullable(),
      addr: sipAddress,
      to: sipAddress,
      contact: sipAddress,
      from: z.array(sipAddress),
      via: z.array(sipVia),
      allow: z.array(z.string()),
      sdp: sipSdp.nullable(),
      connection,
    }),
    level: 'message',
    description:
      'A SIP request arrived. `addr` is its URI; `contact` is a copy of `to`, because of a bug in dionaea.',
    roles: {
      request: {
        method: 'method',
        target: [
          { text: '{addr.uri.scheme}:{addr.uri.user}@{addr.uri.host}' },
          { text: '{addr.uri.scheme}:{addr.uri.host}' },
        ],
        host: 'addr.uri.host',
        agent: 'user_agent',
      },
      client: { kind: { value: 'sip' }, version: 'user_agent' },
    },
  },
} as const satisfies OriginDefinitions;
