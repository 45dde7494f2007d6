import type { Element } from './session.ts';

const MUC_USER = 'http://jabber.org/protocol/muc#user';

/** The status codes of a presence in a room (https://xmpp.org/registrar/mucstatus.html). */
export function statusesIn(stanza: Element): ReadonlySet<string> {
  const statuses = stanza.getChild('x', MUC_USER)?.getChildren('status') ?? [];
  return new Set(statuses.map((status) => String(status.attrs['code'])));
}

const reasons: Readonly<Record<string, string>> = {
  '301': 'has banned this account: its owner must lift the ban',
  '307': 'has kicked this account',
  '321': 'has removed this account, which is not a member any more: its owner must add it',
  '322': 'is for members only now: its owner must add this account',
  '332': 'was closed because its server is shutting down',
  '333': 'has removed this account because of a delivery error',
};

/** Why a nick has left a room: renamed to a new nick, or removed for a reason. */
export function exitOf(
  stanza: Element,
  room: string,
): { readonly renamed: string | undefined; readonly reason: string } {
  const x = stanza.getChild('x', MUC_USER);
  const statuses = statusesIn(stanza);
  const item = x?.getChild('item');
  const name: unknown = item?.attrs['nick'];
  const renamed = statuses.has('303') && typeof name === 'string' ? name : undefined;
  const destroyed = x?.getChild('destroy');
  const code = Object.keys(reasons).find((each) => statuses.has(each)) ?? '';
  const what =
    destroyed === undefined ? (reasons[code] ?? 'has removed this account') : 'was destroyed by its owner';
  const text = (destroyed ?? item)?.getChildText('reason') ?? '';
  return { renamed, reason: `The room ${room} ${what}${text === '' ? '' : ` ("${text.slice(0, 200)}")`}.` };
}
