import { randomBytes } from 'node:crypto';
import { xml } from '@xmpp/client';
import { occupantOf } from '../connection/muc.ts';
import { conditionOf, type Element, type Session } from '../connection/session.ts';

/** The namespace of archives, which rooms that keep one name among what they can do. */
export const MAM = 'urn:xmpp:mam:2';
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
  /** Whether it may have been taken before: then it counts only if it has an id of its own, by which it is known. */
  readonly again?: true;
}

/** How far a room's archive has been read. */
export type Mark = {
  /** What the archive calls the last message that was taken; empty: none, it is read from its beginning. */
  readonly id: string;
  /** When that message came to the room, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** What follows, up to this one, was taken, but some of it waited for what should have come before it. */
  readonly told?: string;
};

/** As many as the server lets us have at once: some read the whole archive for each page. */
const PAGE = 1000;

function timeOf(delay: Element | undefined): number | undefined {
  const time = Date.parse(String(delay?.attrs['stamp']));
  return Number.isFinite(time) ? time : undefined;
}

/**
 * A message that came just now, and what the archive of its room calls it. Undefined for what a room says again of the time
 * before we came, which we did not ask for: it is in the archive.
 */
export function liveMessage(room: string, message: Element): Archived | undefined {
  if (message.getChild('delay', DELAY) !== undefined) return undefined;
  const ids = message.getChildren('stanza-id', STANZA_ID);
  const own = ids.find((element) => element.attrs['by'] === room);
  const archiveId: unknown = own?.attrs['id'];
  return { room, archiveId: typeof archiveId === 'string' ? archiveId : undefined, message, at: undefined };
}

/** Reads a room's archive page by page. */
export interface ArchiveReader {
  /** Takes messages out of archives as they come in; `from` is who sent the stanza. */
  take(stanza: Element, from: string): boolean;
  /** The messages of a room after a mark, oldest first; all without one. */
  after(room: string, mark: Mark | undefined): AsyncGenerator<Archived>;
  /** Where the archive ends: before the message of this id, or now. Undefined where there is none. */
  end(room: string, before: string | undefined): Promise<Mark | undefined>;
}

/** What an operator must know of an archive. */
export interface ArchiveEvents {
  /** The archive does not know any more where we were: it is read from its beginning. */
  readonly onLost: (room: string) => void;
  /** The room keeps none, or we may not read it; `reason` is the server's. */
  readonly onMissing: (room: string, reason: string) => void;
}

/** What a server answers that has no archive for us. */
const missing: ReadonlySet<string> = new Set([
  'service-unavailable',
  'feature-not-implemented',
  'forbidden',
  'not-allowed',
]);

interface Page {
  readonly room: string;
  readonly found: Archived[];
}

/** The part of an archive that is asked for: what follows an id, or what goes before one (empty: the end). */
type Part = { readonly after: string | undefined } | { readonly before: string };

function query(id: string, part: Part, most: number): Element {
  const formType = xml('field', { var: 'FORM_TYPE', type: 'hidden' }, xml('value', {}, MAM));
  const where =
    'before' in part
      ? [xml('before', {}, ...(part.before === '' ? [] : [part.before]))]
      : part.after === undefined
        ? []
        : [xml('after', {}, part.after)];
  return xml(
    'query',
    { xmlns: MAM, queryid: id },
    xml('x', { xmlns: 'jabber:x:data', type: 'submit' }, formType),
    xml('set', { xmlns: RSM }, xml('max', {}, String(most)), ...where),
  );
}

/** Makes a reader of the archives that a session reaches. */
export function createArchiveReader(
  session: () => Session,
  { onLost, onMissing }: ArchiveEvents,
): ArchiveReader {
  const pages = new Map<string, Page>();

  async function page(room: string, part: Part, most = PAGE) {
    // Nobody else can guess it, so nobody else can send what looks like an answer.
    const id = randomBytes(12).toString('base64url');
    const found: Archived[] = [];
    pages.set(id, { room, found });
    try {
      const answer = await session().ask(xml('iq', { type: 'set', to: room }, query(id, part, most)));
      const fin = answer.getChild('fin', MAM);
      return { found, isLast: fin?.attrs['complete'] === 'true' || found.length === 0 };
    } finally {
      pages.delete(id);
    }
  }

  return {
    take(stanza, from) {
      const result = stanza.getChild('result', MAM);
      if (result === undefined) return false;
      const asked = pages.get(String(result.attrs['queryid']));
      const forwarded = result.getChild('forwarded', FORWARD);
      const message = forwarded?.getChild('message');
      // Only the room itself speaks for its archive, and only of those who were in it.
      if (asked === undefined || from !== asked.room || message === undefined) return true;
      if (occupantOf(message.attrs['from']).room !== asked.room) return true;
      const at = timeOf(forwarded?.getChild('delay', DELAY));
      asked.found.push({ room: asked.room, archiveId: String(result.attrs['id']), message, at });
      return true;
    },
    async *after(room, mark) {
      let last = mark?.id === '' ? undefined : mark?.id;
      let told = mark?.told;
      let isLost = false;
      for (;;) {
        let next: Awaited<ReturnType<typeof page>>;
        try {
          next = await page(room, { after: last });
        } catch (error) {
          const condition = conditionOf(error);
          if (missing.has(condition)) {
            onMissing(room, condition);
            return;
          }
          if (condition !== 'item-not-found' || last === undefined || isLost) throw error;
          onLost(room);
          isLost = true;
          last = undefined;
          told = undefined;
          continue;
        }
        for (const archived of next.found) {
          // What is left of an archive is newer than what it has let go; by time only where nothing else tells.
          const isAgain = told !== undefined || (isLost && (archived.at ?? 0) <= (mark?.at ?? 0));
          yield isAgain ? { ...archived, again: true } : archived;
          if (archived.archiveId === told) told = undefined;
        }
        if (next.isLast) return;
        last = next.found.at(-1)?.archiveId;
      }
    },
    async end(room, before) {
      try {
        const { found } = await page(room, { before: before ?? '' }, 1);
        const [newest] = found;
        return { id: newest?.archiveId ?? '', at: newest?.at ?? 0 };
      } catch (error) {
        const condition = conditionOf(error);
        // Where there is no archive what comes is all there is.
        if (!missing.has(condition) && condition !== 'item-not-found') throw error;
        return undefined;
      }
    },
  };
}
