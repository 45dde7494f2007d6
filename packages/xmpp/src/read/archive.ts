import { randomBytes } from 'node:crypto';
import { xml } from '@xmpp/client';
import { occupantOf } from '../connection/muc.ts';
import { conditionOf, type Element, type Session } from '../connection/session.ts';

/** The namespace of message archives, which a room with an archive lists among its features. */
export const MAM = 'urn:xmpp:mam:2';
const RSM = 'http://jabber.org/protocol/rsm';
const FORWARD = 'urn:xmpp:forward:0';
const DELAY = 'urn:xmpp:delay';
const STANZA_ID = 'urn:xmpp:sid:0';

/** A message of a room, with its id in the archive. */
export interface RoomMessage {
  readonly room: string;
  /** Undefined: the room has no archive. */
  readonly archiveId: string | undefined;
  readonly message: Element;
  /** When the room received it, in milliseconds since the Unix epoch; undefined: now. */
  readonly at: number | undefined;
  /** Whether it may have been read before: a legacy stanza, which has no id, must be ignored then. */
  readonly again?: true;
}

/** How far a room's archive has been read, as it is stored in the journal. */
export type ArchivePosition = {
  /** The archive id of the last message that was read; empty: none. */
  readonly id: string;
  /** When the room received that message, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** The messages after `id` up to this one were read, but some of their incidents waited for earlier ones in memory. */
  readonly told?: string;
};

/** How many messages to request at once; a large page, because some servers read the whole archive for each one. */
const PAGE = 1000;

function timeOf(delay: Element | undefined): number | undefined {
  const time = Date.parse(String(delay?.attrs['stamp']));
  return Number.isFinite(time) ? time : undefined;
}

/**
 * A message that has just arrived. Undefined for the history that a room sends although it was not requested: the archive has
 * it.
 */
export function liveMessage(room: string, message: Element): RoomMessage | undefined {
  if (message.getChild('delay', DELAY) !== undefined) return undefined;
  const ids = message.getChildren('stanza-id', STANZA_ID);
  const own = ids.find((element) => element.attrs['by'] === room);
  const archiveId: unknown = own?.attrs['id'];
  return { room, archiveId: typeof archiveId === 'string' ? archiveId : undefined, message, at: undefined };
}

/** Reads the archives of rooms page by page. */
export interface ArchiveReader {
  /** Accepts a stanza with an archived message; returns whether it was one. `from` is the sender of the stanza. */
  accept(stanza: Element, from: string): boolean;
  /** The messages of a room after a position, oldest first; all without one. */
  after(room: string, position: ArchivePosition | undefined): AsyncGenerator<RoomMessage>;
  /** The position of the end of the archive, or before the message with this id. Undefined without an archive. */
  end(room: string, before: string | undefined): Promise<ArchivePosition | undefined>;
}

/** Problems of an archive that an operator must know. */
export interface ArchiveEvents {
  /** The archive has deleted the position: it is read from its beginning. */
  readonly onLost: (room: string) => void;
  /** The room has no archive, or this account may not read it; `reason` is the server's. */
  readonly onMissing: (room: string, reason: string) => void;
}

/** The errors of a server without an archive for this account. */
const missingArchive: ReadonlySet<string> = new Set([
  'service-unavailable',
  'feature-not-implemented',
  'forbidden',
  'not-allowed',
]);

interface Page {
  readonly room: string;
  readonly messages: RoomMessage[];
}

/** The part of an archive to request: after an id, or before one (empty: the end). */
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

/** Creates a reader for the archives that a session can access. */
export function createArchiveReader(
  session: () => Session,
  { onLost, onMissing }: ArchiveEvents,
): ArchiveReader {
  const pages = new Map<string, Page>();

  async function request(room: string, part: Part, most = PAGE) {
    // Other clients cannot guess the id, so they cannot forge a reply.
    const id = randomBytes(12).toString('base64url');
    const messages: RoomMessage[] = [];
    pages.set(id, { room, messages });
    try {
      const answer = await session().ask(xml('iq', { type: 'set', to: room }, query(id, part, most)));
      const fin = answer.getChild('fin', MAM);
      return { messages, isLast: fin?.attrs['complete'] === 'true' || messages.length === 0 };
    } finally {
      pages.delete(id);
    }
  }

  return {
    accept(stanza, from) {
      const result = stanza.getChild('result', MAM);
      if (result === undefined) return false;
      const page = pages.get(String(result.attrs['queryid']));
      const forwarded = result.getChild('forwarded', FORWARD);
      const message = forwarded?.getChild('message');
      // Only the room itself may send its archive, and only messages of its occupants.
      if (page === undefined || from !== page.room || message === undefined) return true;
      if (occupantOf(message.attrs['from']).room !== page.room) return true;
      const at = timeOf(forwarded?.getChild('delay', DELAY));
      page.messages.push({ room: page.room, archiveId: String(result.attrs['id']), message, at });
      return true;
    },
    async *after(room, position) {
      let last = position?.id === '' ? undefined : position?.id;
      let readUpTo = position?.told;
      let isLost = false;
      for (;;) {
        let next: Awaited<ReturnType<typeof request>>;
        try {
          next = await request(room, { after: last });
        } catch (error) {
          const condition = conditionOf(error);
          if (missingArchive.has(condition)) {
            onMissing(room, condition);
            return;
          }
          if (condition !== 'item-not-found' || last === undefined || isLost) throw error;
          onLost(room);
          isLost = true;
          last = undefined;
          readUpTo = undefined;
          continue;
        }
        for (const message of next.messages) {
          // If the position was deleted, only the time shows which messages were read before.
          const isAgain = readUpTo !== undefined || (isLost && (message.at ?? 0) <= (position?.at ?? 0));
          yield isAgain ? { ...message, again: true } : message;
          if (message.archiveId === readUpTo) readUpTo = undefined;
        }
        if (next.isLast) return;
        last = next.messages.at(-1)?.archiveId;
      }
    },
    async end(room, before) {
      try {
        const { messages } = await request(room, { before: before ?? '' }, 1);
        const [newest] = messages;
        return { id: newest?.archiveId ?? '', at: newest?.at ?? 0 };
      } catch (error) {
        const condition = conditionOf(error);
        // Without an archive, the source reads live messages only.
        if (!missingArchive.has(condition) && condition !== 'item-not-found') throw error;
        return undefined;
      }
    },
  };
}
