import type { Element } from './session.ts';

const MUC_USER = 'http://jabber.org/protocol/muc#user';

/** The status codes of a presence in a room (https://xmpp.org/registrar/mucstatus.html). */
export function statusesIn(stanza: Element): ReadonlySet<string> {
  const statuses = stanza.getChild('x', MUC_USER)?.getChildren('status') ?? [];
  return new Set(statuses.map((status) => String(status.attrs['code'])));
}

const reasons: Readonly<Record<string, string>> = {
  '301': 'has banned this account: its owner must lift that',
  '307': 'has put us out (kicked)',
  '321': 'has put us out: this account is no member any more, its owner must make it one',
  '322': 'has become one for members only: its owner must make this account one',
  '332': 'is shut down with its server',
  '333': 'has put us out because of an error on the way',
};

/** Why we are no longer in a room under that name, as the presence says that tells it. */
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
  const what = destroyed === undefined ? (reasons[code] ?? 'has put us out') : 'was destroyed by its owner';
  const told = (destroyed ?? item)?.getChildText('reason') ?? '';
  return { renamed, reason: `The room ${room} ${what}${told === '' ? '' : ` ("${told.slice(0, 200)}")`}.` };
}
