import {
  createIncident,
  describeError,
  type Incident,
  parseIncidentId,
  type SourceContext,
  type Value,
} from '@ihandler/core';
import { createReorderBuffer, createStreamOwners, type SequencedMessage } from '@ihandler/core/kit';
import { occupantOf } from '../connection/muc.ts';
import type { Element } from '../connection/session.ts';
import { DIONAEA } from '../legacy/dionaea-element.ts';
import type { Occupants } from '../legacy/occupants.ts';
import { told } from '../legacy/old-speaker.ts';
import { wholeIncidentIn } from '../write/incident-element.ts';
import type { Archived, Mark } from './archive.ts';

/** How far the archive of each room has been taken. */
export type Marks = Readonly<Record<string, Mark>>;

/** What is kept with what was taken: the marks, and whose each stream is in each room. */
export interface Kept {
  readonly marks: Marks;
  readonly owners: Readonly<Record<string, Value>>;
}

/** Makes incidents of messages and hands them on. */
export interface Reception {
  /** Resolves when what could go on of these is in the journal, with how far it is. */
  take(messages: readonly Archived[]): Promise<void>;
  /** Lets go on what has waited too long for what should have come before it. */
  tick(): Promise<void>;
  marks(): Marks;
  /** Goes on from here in a room in which nothing was taken yet. Resolves when that is kept. */
  begin(room: string, mark: Mark): Promise<void>;
}

interface Arrived extends SequencedMessage {
  readonly incident: Incident;
}

/** What a reception works with. */
export interface ReceptionHost {
  readonly context: SourceContext;
  readonly sensor: 'incident' | 'occupant';
  readonly occupants: Occupants;
  /** The stream of incidents that have no id of their own: another one for each run. */
  readonly stream: string;
  readonly kept: Kept;
  /** Who says a message, in a way that nobody else in the room can have; undefined where that is not to be known, or not asked for. */
  readonly speakerOf: (message: Archived) => string | undefined;
}

/** How long an incident waits for the one before it, in milliseconds. */
const PATIENCE = 60_000;

/** Goes on from these marks. */
export function createReception(host: ReceptionHost): Reception {
  const { context, sensor, occupants, stream, kept, speakerOf } = host;
  const order = createReorderBuffer<Arrived>(async (name) => context.resumeAfter(name), PATIENCE);
  /** Apart for each room: an account has another occupant id in each. */
  const owners = new Map(Object.entries(kept.owners).map(([room, list]) => [room, createStreamOwners(list)]));
  const marks: Record<string, Mark> = { ...kept.marks };
  /** The marks at which nothing waited. */
  let safe: Marks = kept.marks;
  let ordinal = 0;
  let count = 0;

  /** What old speakers say: each child is an incident; there is one, as dionaea writes them. */
  function fromOldSpeaker(dionaea: Element, occupant: string, at: number): Incident[] {
    const origin = String(dionaea.attrs['incident']);
    return dionaea.getChildElements().flatMap((element) => {
      const found = told(origin, element, occupant, occupants);
      if (found === undefined) return [];
      ordinal += 1;
      const { nick } = occupantOf(occupant);
      return [createIncident({ id: `${stream}:${ordinal}`, timestamp: at, sensor: nick, ...found })];
    });
  }

  function assertOwned(archived: Archived, incident: Incident): void {
    const speaker = speakerOf(archived);
    const { stream: name } = parseIncidentId(incident.id);
    if (speaker === undefined) return;
    const known = owners.get(archived.room) ?? createStreamOwners();
    owners.set(archived.room, known);
    if (known.claim(name, speaker)) return;
    throw new Error(
      `Expected that whoever began the stream ${name} goes on with it; ${incident.id} is said by somebody else ("streams: anyone" lets everybody in the room do that).`,
    );
  }

  async function arrived(archived: Archived): Promise<readonly Arrived[]> {
    const { message, at, again } = archived;
    count += 1;
    const occupant = String(message.attrs['from']);
    try {
      const whole = wholeIncidentIn(message, sensor === 'occupant' ? occupantOf(occupant).nick : undefined);
      if (whole !== undefined) {
        const { incident, after } = whole;
        assertOwned(archived, incident);
        return [{ ...parseIncidentId(incident.id), after, incident }];
      }
      const dionaea = message.getChild('body')?.getChild('dionaea', DIONAEA);
      if (dionaea === undefined || again === true) return [];
      return fromOldSpeaker(dionaea, occupant, at ?? context.now()).map((incident) => ({
        ...parseIncidentId(incident.id),
        after: undefined,
        incident,
      }));
    } catch (error) {
      const text = message.toString();
      await context.reject({
        file: `${context.instance}/${occupantOf(occupant).room}`,
        offset: count,
        length: Buffer.byteLength(text),
        reason: describeError(error),
        ...(text.length <= 65_536 && { text }),
      });
      return [];
    }
  }

  /** How far it is after a restart: while something waits that would be gone, that is read again, and what else follows is known. */
  function durable(reached: Marks): Marks {
    if (order.pending().length === 0) return reached;
    return Object.fromEntries(
      Object.entries(reached).map(([room, { id, at }]): [string, Mark] => [
        room,
        { id: safe[room]?.id ?? '', at, ...(id !== safe[room]?.id && { told: id }) },
      ]),
    );
  }

  function keptOwners(): Kept['owners'] {
    return Object.fromEntries([...owners].map(([room, known]) => [room, known.snapshot()]));
  }

  /** Reports, and keeps how far it is. */
  async function hand(passed: readonly Arrived[], reached: Marks): Promise<void> {
    const batch = passed.map(({ incident }) => incident);
    const now = durable(reached);
    // Safe: marks are plain data.
    await context.report(batch, { state: { marks: now, owners: keptOwners() } as unknown as Value });
    Object.assign(marks, reached);
    if (order.pending().length === 0) safe = reached;
  }

  return {
    async take(messages) {
      const passed: Arrived[] = [];
      const reached: Record<string, Mark> = { ...marks };
      for (const message of messages) {
        for (const found of await arrived(message)) passed.push(...(await order.add(found, context.now())));
        const { room, archiveId, at } = message;
        if (archiveId !== undefined) reached[room] = { id: archiveId, at: at ?? context.now() };
      }
      await hand(passed, reached);
    },
    async tick() {
      const passed = order.expire(context.now());
      if (passed.length === 0) return;
      context.log.warn('incidents go on without what should have come before them', {
        count: passed.length,
      });
      await hand(passed, { ...marks });
    },
    marks: () => ({ ...marks }),
    async begin(room, mark) {
      if (safe[room] === undefined) safe = { ...safe, [room]: mark };
      await hand([], { ...marks, [room]: mark });
    },
  };
}
