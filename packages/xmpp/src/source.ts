import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  defineSource,
  describeError,
  isIhandlerError,
  type Source,
  type SourceContext,
} from '@ihandler/core';
import { type Archived, createArchiveReader, liveMessage } from './archive.ts';
import { mergeRooms } from './merge-rooms.ts';
import { createRooms, occupantOf } from './muc.ts';
import { createOccupants, type Occupants } from './occupants.ts';
import { type Account, accountOf, readSubscriberOptions, type XmppSourceOptions } from './options.ts';
import { createReception, type Marks, type Reception } from './reception.ts';
import { type Element, openSession, type Session } from './session.ts';

export type { XmppSourceOptions } from './options.ts';

type Settings = ReturnType<typeof readSubscriberOptions>;

/** How many messages may wait for the journal before the connection is given up: the archives keep them. */
const MOST_WAITING = 5000;
const BATCH = 500;

/**
 * Listens to rooms of an XMPP service: whole incidents of other ihandlers, whose ids stay, and what dionaea's own handler
 * says. What it missed it takes from the archives of the rooms. Connects again for as long as it runs. Throws `OPTIONS_INVALID`.
 */
export default function xmppSource(options: XmppSourceOptions): Source {
  const settings = readSubscriberOptions(options);
  return defineSource({
    name: 'xmpp',
    async run(context) {
      const account = accountOf(settings);
      const life = randomBytes(9).toString('base64url');
      const occupants = createOccupants(life);
      const state = await context.state();
      // Safe: only this source keeps it, in just this form.
      const marks = (state ?? {}) as object as Marks;
      const reception = createReception({
        context,
        sensor: settings.sensor,
        occupants,
        stream: `xmpp-${life}`,
        marks,
      });
      let wasTold = false;
      for (let failures = 0; !context.signal.aborted; failures += 1) {
        const began = context.now();
        try {
          await listen({ account, settings, context, occupants, reception });
          wasTold = false;
        } catch (error) {
          if (context.signal.aborted) break;
          if (isIhandlerError(error)) throw error;
          if (!wasTold) context.log.warning('is away, and comes back', { error: describeError(error) });
          wasTold = true;
        }
        if (context.now() - began > 60_000) failures = 0;
        const longest = Math.min(30_000, 250 * 2 ** Math.min(failures, 10));
        await wait(longest * (0.5 + Math.random() / 2), undefined, { signal: context.signal }).catch(
          () => undefined,
        );
      }
    },
  });
}

interface Listening {
  readonly account: Account;
  readonly settings: Settings;
  readonly context: SourceContext;
  readonly occupants: Occupants;
  readonly reception: Reception;
}

/** Enters the rooms, takes what was missed, then what comes, until the connection ends. Rejects with why. */
async function listen({ account, settings, context, occupants, reception }: Listening): Promise<void> {
  const { signal, log } = context;
  let live: Archived[] = [];
  let wake: () => void = () => {};
  let session: Session | undefined;
  const current = () => {
    if (session === undefined) throw new Error('a stanza came before the session was there');
    return session;
  };
  const rooms = createRooms(current);
  const archives = createArchiveReader(current, (room) =>
    log.error(
      'the archive of a room has let go where we were: it is read from that time on, and some may be missing',
      {
        room,
      },
    ),
  );

  function take(stanza: Element): void {
    const { room, nick } = occupantOf(stanza.attrs['from']);
    if (rooms.take(stanza)) return;
    if (stanza.name === 'presence') {
      if (stanza.attrs['type'] === 'unavailable') occupants.left(`${room}/${nick}`);
      return;
    }
    if (stanza.name !== 'message' || archives.take(stanza, room)) return;
    if (stanza.attrs['type'] !== 'groupchat' || nick === '') return;
    live.push(liveMessage(room, stanza));
    if (live.length > MOST_WAITING) void session?.close();
    wake();
  }

  const opened = await openSession(account, take, signal);
  session = opened;
  const ticking = setInterval(() => void reception.tick().catch(() => void opened.close()), 1000);
  try {
    for (const room of settings.rooms) await rooms.join(room);
    log.message('is in its rooms', { rooms: settings.rooms });
    await catchUp();
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
    await opened.close();
  }

  /** What came while we were away. What comes meanwhile is taken afterwards, unless the archive had it. */
  async function catchUp(): Promise<void> {
    const marks = reception.marks();
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
}
