import type { Connection, UntypedData, Value } from '@ihandler/core';
import type { Element } from '../connection/session.ts';

function attribute(element: Element | undefined, name: string): string | null {
  const value: unknown = element?.attrs[name];
  return typeof value === 'string' ? value : null;
}

function parts(element: Element | undefined, names: readonly string[]): UntypedData {
  return Object.fromEntries(names.map((name) => [name, attribute(element, name)]));
}

function address(addr: Element | undefined): Value {
  return {
    display_name: attribute(addr, 'display_name'),
    uri: parts(addr?.getChild('uri'), ['scheme', 'user', 'password', 'host', 'port']),
  };
}

function sdp(element: Element | undefined): Value {
  if (element === undefined) return null;
  const media = element.getChild('medialist')?.getChildren('media') ?? [];
  return {
    o: parts(element.getChild('origin'), [
      'username',
      'sess_id',
      'sess_version',
      'nettype',
      'addrtype',
      'unicast_address',
    ]),
    c: parts(element.getChild('connectiondata'), [
      'nettype',
      'addrtype',
      'connection_address',
      'ttl',
      'number_of_addresses',
    ]),
    m: media.map((each) => parts(each, ['media', 'port', 'number_of_ports', 'proto'])),
  };
}

/** The data of a SIP request in a legacy stanza. */
export function sipData(element: Element, connection: Connection): UntypedData {
  const one = (name: string) => address(element.getChild(name)?.getChild('addr'));
  const from = element.getChild('from')?.getChildren('addr') ?? [];
  const vias = element.getChild('vias')?.getChildren('via') ?? [];
  const allow = element.getChild('allowlist')?.getChildren('allow') ?? [];
  return {
    method: attribute(element, 'method') ?? '',
    call_id: attribute(element, 'call_id') ?? '',
    user_agent: attribute(element, 'user_agent'),
    addr: one('address'),
    to: one('to'),
    contact: one('contact'),
    from: from.map(address),
    via: vias.map((via) => parts(via, ['protocol', 'address', 'port'])),
    allow: allow.map((each) => each.getText()),
    sdp: sdp(element.getChild('sdp')),
    connection,
  };
}
