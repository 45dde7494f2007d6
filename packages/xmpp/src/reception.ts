import {
  createIncident,
  createInOrder,
  describeError,
  type Incident,
  type Numbered,
  parseIncidentId,
  type SourceContext,
  type SourceReport,
} from '@ihandler/core';
import type { Archived, Mark } from './archive.ts';
import { DIONAEA } from './dionaea-element.ts';
import { wholeIncidentIn } from './incident-element.ts';
import { occupantOf } from './muc.ts';
import type { Occupants } from './occupants.ts';
import { told } from './old-speaker.ts';
import type { Element } from './session.ts';

/** How far the archive of each room has been taken. */
export type Marks = Readonly<Record<string, Mark>>;

/** Makes incidents of messages and hands them on. */
export interface Reception {
  /** Resolves when what could go on of these is in the journal, with how far it is. */
  take(messages: readonly Archived[]): Promise<void>;
  /** Lets go on what has waited too long for what should have come before it. */
  tick(): Promise<void>;
  marks(): Marks;
}

interface Arrived extends Numbered {
  readonly incident: Incident;
}

/** What a reception works with. */
export interface ReceptionHost {
  readonly context: SourceContext;
  readonly sensor: 'incident' | 'occupant';
  readonly occupants: Occupants;
  /** The stream of incidents that have no id of their own: another one for each run. */
  readonly stream: string;
  readonly marks: Marks;
}

/** How long an incident waits for the one before it, in milliseconds. */
const PATIENCE = 60_000;

/** Goes on from these marks. */
export function createReception({
  context,
  sensor,
  occupants,
  stream,
  marks: begin,
}: ReceptionHost): Reception {
  const order = createInOrder<Arrived>(async (name) => context.resumeAfter(name), PATIENCE);
  const marks: Record<string, Mark> = { ...begin };
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

  async function arrived({ message, at }: Archived): Promise<readonly Arrived[]> {
    count += 1;
    const occupant = String(message.attrs['from']);
    try {
      const whole = wholeIncidentIn(message, sensor === 'occupant' ? occupantOf(occupant).nick : undefined);
      if (whole !== undefined) {
        const { incident, after } = whole;
        return [{ ...parseIncidentId(incident.id), after, incident }];
      }
      const dionaea = message.getChild('body')?.getChild('dionaea', DIONAEA);
      if (dionaea === undefined) return [];
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

  /** Reports, and keeps how far it is, unless something waits that a restart would have to read again. */
  async function hand(passed: readonly Arrived[], reached: Marks): Promise<void> {
    const batch = passed.map(({ incident }) => incident);
    const options: SourceReport = order.waiting().length === 0 ? { state: reached } : {};
    await context.report(batch, options);
    Object.assign(marks, reached);
  }

  return {
    async take(messages) {
      const passed: Arrived[] = [];
      const reached: Record<string, Mark> = { ...marks };
      for (const message of messages) {
        for (const found of await arrived(message)) passed.push(...(await order.take(found, context.now())));
        const { room, archiveId, at } = message;
        if (archiveId !== undefined) reached[room] = { id: archiveId, at: at ?? context.now() };
      }
      await hand(passed, reached);
    },
    async tick() {
      const passed = order.overdue(context.now());
      if (passed.length === 0) return;
      context.log.warning('incidents go on without what should have come before them', {
        count: passed.length,
      });
      await hand(passed, { ...marks });
    },
    marks: () => ({ ...marks }),
  };
}
