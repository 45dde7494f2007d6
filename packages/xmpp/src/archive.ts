import { xml } from '@xmpp/client';
import type { Element, Session } from './session.ts';

const MAM = 'urn:xmpp:mam:2';
const RSM = 'http://jabber.org/protocol/rsm';
const FORWARD = 'urn:xmpp:forward:0';
const DELAY = 'urn:xmpp:delay';
const STANZA_ID = 'urn:xmpp:sid:0';

/** A message of a room, and what its archive calls it. */
export interface Archived {
  readonly room: string;
  /** Undefined: the room keeps no archive. */
  readonly archiveId: string | undefined;
  readonly message: Element;
  /** When the room had it, in milliseconds since the Unix epoch; undefined: now. */
  readonly at: number | undefined;
}

/** How far a room's archive has been read. */
export type Mark = {
  readonly id: string;
  /** When that message came to the room, in milliseconds since the Unix epoch. */
  readonly at: number;
};

const PAGE = 100;

function timeOf(delay: Element | undefined): number | undefined {
  const time = Date.parse(String(delay?.attrs['stamp']));
  return Number.isFinite(time) ? time : undefined;
}

/** A message that came just now, and what the archive of its room calls it. */
export function liveMessage(room: string, message: Element): Archived {
  const ids = message.getChildren('stanza-id', STANZA_ID);
  const own = ids.find((element) => element.attrs['by'] === room);
  const archiveId: unknown = own?.attrs['id'];
  return {
    room,
    archiveId: typeof archiveId === 'string' ? archiveId : undefined,
    message,
    at: timeOf(message.getChild('delay', DELAY)),
  };
}

/** A message out of an archive; undefined for any other stanza. `queryId` says whose it is. */
function archivedMessage(
  room: string,
  stanza: Element,
): { readonly queryId: string; readonly archived: Archived } | undefined {
  const result = stanza.getChild('result', MAM);
  const forwarded = result?.getChild('forwarded', FORWARD);
  const message = forwarded?.getChild('message');
  if (result === undefined || message === undefined) return undefined;
  const archiveId = String(result.attrs['id']);
  const at = timeOf(forwarded?.getChild('delay', DELAY));
  return { queryId: String(result.attrs['queryid']), archived: { room, archiveId, message, at } };
}

/** Reads a room's archive page by page. */
export interface ArchiveReader {
  /** Takes messages out of archives as they come in. */
  take(stanza: Element, room: string): boolean;
  /** The messages of a room after a mark, oldest first; all without one. */
  after(room: string, mark: Mark | undefined): AsyncGenerator<Archived>;
}

function isLost(error: unknown): boolean {
  return error instanceof Error && /item-not-found/.test(error.message);
}

/** Makes a reader of the archives that a session reaches. `onLost`: the archive does not know the mark any more; it is read from its time on. */
export function createArchiveReader(session: () => Session, onLost: (room: string) => void): ArchiveReader {
  const pages = new Map<string, Archived[]>();
  let queries = 0;

  function query(id: string, after: string | undefined, start: number | undefined): Element {
    const field = (name: string, value: string, type?: string) =>
      xml('field', { var: name, ...(type !== undefined && { type }) }, xml('value', {}, value));
    return xml(
      'query',
      { xmlns: MAM, queryid: id },
      xml(
        'x',
        { xmlns: 'jabber:x:data', type: 'submit' },
        field('FORM_TYPE', MAM, 'hidden'),
        ...(start === undefined ? [] : [field('start', new Date(start).toISOString())]),
      ),
      xml(
        'set',
        { xmlns: RSM },
        xml('max', {}, String(PAGE)),
        ...(after === undefined ? [] : [xml('after', {}, after)]),
      ),
    );
  }

  async function page(room: string, after: string | undefined, start: number | undefined) {
    queries += 1;
    const id = `q${queries}`;
    const found: Archived[] = [];
    pages.set(id, found);
    try {
      const answer = await session().ask(xml('iq', { type: 'set', to: room }, query(id, after, start)));
      const fin = answer.getChild('fin', MAM);
      return { found, isLast: fin?.attrs['complete'] === 'true' || found.length === 0 };
    } finally {
      pages.delete(id);
    }
  }

  return {
    take(stanza, room) {
      const found = archivedMessage(room, stanza);
      if (found === undefined) return false;
      pages.get(found.queryId)?.push(found.archived);
      return true;
    },
    async *after(room, mark) {
      let last = mark?.id;
      let start: number | undefined;
      for (;;) {
        let next: Awaited<ReturnType<typeof page>>;
        try {
          next = await page(room, last, start);
        } catch (error) {
          if (!isLost(error) || mark === undefined || start !== undefined) throw error;
          onLost(room);
          last = undefined;
          start = mark.at;
          continue;
        }
        yield* next.found;
        if (next.isLast) return;
        last = next.found.at(-1)?.archiveId;
      }
    },
  };
}
