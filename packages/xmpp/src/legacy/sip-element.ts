import type { Incident, UntypedData } from '@ihandler/core';
import { xml } from '@xmpp/client';
import type { Element } from '../connection/session.ts';
import { connectionRef } from './connection-ref.ts';
import { attributes } from './dionaea-element.ts';
import { xmlText } from './xml-text.ts';

type Sip = Incident<'dionaea.modules.python.sip.command'>['data'];
type Address = Sip['to'];

function addr({ display_name, uri }: Address): Element {
  const { scheme, user, password, port, host } = uri;
  return xml(
    'addr',
    attributes({ display_name }),
    xml('uri', attributes({ scheme, user, password, port, host })),
  );
}

function sdpElement({ o, c, m }: NonNullable<Sip['sdp']>): Element {
  const { username, unicast_address, nettype, addrtype, sess_id, sess_version } = o;
  const media = m.map(({ proto, port, media: what, number_of_ports }) =>
    xml('media', attributes({ proto, port, media: what, number_of_ports })),
  );
  return xml(
    'sdp',
    {},
    xml('origin', attributes({ username, unicast_address, nettype, addrtype, sess_id, sess_version })),
    xml('connectiondata', attributes(c)),
    xml('medialist', {}, ...media),
  );
}

/** The element of a SIP request: addresses, hops, methods and session description in dionaea's order. */
export function sipElement(data: UntypedData): Element {
  // Safe: the incident fits its schema.
  const {
    method,
    call_id,
    user_agent,
    addr: address,
    to,
    contact,
    from,
    via,
    allow,
    sdp,
    connection,
  } = data as Sip;
  const vias = via.map(({ address: host, port, protocol }) =>
    xml('via', attributes({ address: host, port, protocol })),
  );
  return xml(
    'sipcommand',
    attributes({ method, ref: connectionRef(connection.id), call_id, user_agent }),
    xml('address', {}, addr(address)),
    xml('to', {}, addr(to)),
    xml('contact', {}, addr(contact)),
    xml('from', {}, ...from.map(addr)),
    xml('vias', {}, ...vias),
    xml('allowlist', {}, ...allow.map((each) => xml('allow', {}, xmlText(each)))),
    ...(sdp === null ? [] : [sdpElement(sdp)]),
  );
}
