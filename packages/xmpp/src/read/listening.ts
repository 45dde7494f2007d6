import type { SourceContext } from '@ihandler/core';
import { assertInRoom, createRooms, occupantOf, type Rooms } from '../connection/muc.ts';
import { featuresOf } from '../connection/room-features.ts';
import { type Element, openSession, type Session } from '../connection/session.ts';
import type { Occupants } from '../legacy/occupants.ts';
import type { Account, SubscriberSettings } from '../options.ts';
import { type Archived, createArchiveReader, liveMessage, MAM } from './archive.ts';
import { mergeRooms } from './merge-rooms.ts';
import type { Reception } from './reception.ts';
import type { Speakers } from './speakers.ts';

/** How many messages may wait for the journal before the connection is given up: the archives keep them. */
const MOST_WAITING = 5000;
const BATCH = 500;
/** How often every room is asked whether we are in it, in milliseconds. */
const ASK_EVERY = 60_000;

/** What listening needs. */
export interface Listening {
  readonly account: Account;
  readonly settings: SubscriberSettings;
  readonly context: SourceContext;
  readonly occupants: Occupants;
  readonly reception: Reception;
  readonly speakers: Speakers;
  /** Told when it is in its rooms and has taken what it missed. */
  readonly onThere: () => void;
}

/** Enters the rooms, takes what was missed, then what comes, until the connection ends. Rejects with why. */
export async function listen(listening: Listening): Promise<never> {
  const { account, settings, context, occupants, reception, speakers, onThere } = listening;
  const { signal, log } = context;
  const ours: ReadonlySet<string> = new Set(settings.rooms);
  let live: Archived[] = [];
  let wake: () => void = () => {};
  let session: Session | undefined;
  const current = () => {
    if (session === undefined) throw new Error('a stanza came before the session was there');
    return session;
  };
  const rooms = createRooms(current, { onOut: (reason) => void session?.close(reason) });
  const archives = createArchiveReader(current, {
    onLost: (room) =>
      log.error(
        'the archive of a room has let go where we were: all that it has is read, and some may be missing. Let the server keep more',
        { room },
      ),
    onMissing: missing,
  });

  function missing(room: string, reason: string): void {
    log.error(
      'a room has no archive that we may read: what is said in it while we are away is lost. Let the server keep one (Prosody: muc_mam)',
      { room, reason },
    );
  }

  function take(stanza: Element): void {
    const from = String(stanza.attrs['from']);
    const { room, nick } = occupantOf(from);
    // Whoever knows our address may send us what looks like a message of a room.
    if (!ours.has(room)) return;
    if (rooms.take(stanza)) return;
    if (stanza.name === 'presence') {
      if (stanza.attrs['type'] === 'unavailable') occupants.left(from);
      return;
    }
    if (stanza.name !== 'message' || archives.take(stanza, from)) return;
    if (stanza.attrs['type'] !== 'groupchat' || nick === '') return;
    const message = liveMessage(room, stanza);
    if (message === undefined) return;
    live.push(message);
    if (live.length > MOST_WAITING) void session?.close(new Error('more came than the journal takes'));
    wake();
  }

  const opened = await openSession(account, take, signal);
  session = opened;
  const ticking = setInterval(() => void reception.tick().catch(() => void opened.close()), 1000);
  const stopAsking = askRooms(opened, rooms, settings.rooms, ASK_EVERY);
  try {
    for (const room of settings.rooms) {
      await rooms.join(room);
      const features = await featuresOf(opened, room);
      speakers.learn(room, features);
      if (!features.has(MAM)) missing(room, 'it offers none');
    }
    log.info('is in its rooms', { rooms: settings.rooms });
    await catchUp();
    log.info('has taken what it missed', {});
    onThere();
    void opened.ended.then(() => wake());
    for (;;) {
      const batch = live.splice(0, BATCH);
      if (batch.length > 0) await reception.take(batch);
      else if (!opened.isOpen()) throw await opened.ended;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    clearInterval(ticking);
    stopAsking();
    await opened.close();
  }

  /** What came while we were away. What comes meanwhile is taken afterwards, unless the archive had it. */
  async function catchUp(): Promise<void> {
    const marks = reception.marks();
    for (const room of settings.rooms)
      if (!Object.hasOwn(marks, room) && settings.from === 'now') await beginIn(room);
    const missed = settings.rooms
      .filter((room) => Object.hasOwn(marks, room) || settings.from === 'beginning')
      .map((room) => archives.after(room, marks[room]));
    const seen = new Set<string>();
    let batch: Archived[] = [];
    for await (const archived of mergeRooms(missed)) {
      if (archived.archiveId !== undefined) seen.add(`${archived.room} ${archived.archiveId}`);
      batch.push(archived);
      if (batch.length < BATCH) continue;
      await reception.take(batch);
      batch = [];
    }
    if (batch.length > 0) await reception.take(batch);
    live = live.filter(({ room, archiveId }) => archiveId === undefined || !seen.has(`${room} ${archiveId}`));
  }

  /** Keeps where the archive ends, so that a restart goes on from here although nothing may be said until then. */
  async function beginIn(room: string): Promise<void> {
    const firstLive = () => live.find((message) => message.room === room)?.archiveId;
    for (;;) {
      const before = firstLive();
      const mark = await archives.end(room, before);
      // Something was said while we asked: it comes after the mark.
      if (mark !== undefined && before === undefined && firstLive() !== undefined) continue;
      if (mark !== undefined) await reception.begin(room, mark);
      return;
    }
  }
}

/** Asks every so many milliseconds whether we are in the rooms still, and ends the session when we are not. Returns what stops it. */
export function askRooms(
  session: Session,
  { nickIn }: Pick<Rooms, 'nickIn'>,
  rooms: readonly string[],
  every: number,
): () => void {
  let isAsking = false;
  const ask = async () => {
    if (isAsking) return;
    isAsking = true;
    try {
      for (const room of rooms) {
        const nick = nickIn(room);
        if (nick !== undefined) await assertInRoom(session, room, nick);
      }
    } catch (error) {
      await session.close(error instanceof Error ? error : undefined);
    } finally {
      isAsking = false;
    }
  };
  const timer = setInterval(() => void ask(), every);
  return () => clearInterval(timer);
}
