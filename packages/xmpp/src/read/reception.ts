import {
  createIncident,
  describeError,
  type Incident,
  parseIncidentId,
  type SourceContext,
  type Value,
} from '@ihandler/core';
import {
  createReorderBuffer,
  createStreamOwners,
  reportCompared,
  type SequencedMessage,
} from '@ihandler/core/kit';
import { occupantOf } from '../connection/muc.ts';
import type { Element } from '../connection/session.ts';
import { DIONAEA } from '../legacy/dionaea-element.ts';
import type { LegacyConnections } from '../legacy/legacy-connections.ts';
import { readLegacyStanza } from '../legacy/legacy-stanza.ts';
import { wholeIncidentIn } from '../write/incident-element.ts';
import type { ArchivePosition, RoomMessage } from './archive.ts';

/** How far the archive of each room has been read. */
export type ArchivePositions = Readonly<Record<string, ArchivePosition>>;

/** The state that is stored with the incidents: the positions (`marks`), and the owners of streams in each room. */
export interface StoredState {
  readonly marks: ArchivePositions;
  readonly owners: Readonly<Record<string, Value>>;
}

interface ReceivedIncident extends SequencedMessage {
  readonly incident: Incident;
}

/** What a {@link Reception} works with. */
export interface ReceptionOptions {
  readonly sensor: 'incident' | 'occupant';
  readonly connections: LegacyConnections;
  /** The stream of incidents without an id: a new one for each reception. */
  readonly stream: string;
  readonly stored: StoredState;
  /** Identifies the publisher of a message; undefined when stream owners are not checked. */
  readonly publisherOf: (message: RoomMessage) => string | undefined;
}

/** How long an incident waits for an earlier one of its stream, in milliseconds. */
const REORDER_TIMEOUT = 60_000;
const MAX_REJECT_LENGTH = 65_536;

/**
 * Turns messages of rooms into incidents and reports them in order. One reception serves several runs of a source, so that
 * buffered incidents and the connections of legacy sensors survive a reconnect.
 */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #buffer = createReorderBuffer<ReceivedIncident>(
    async (stream) => this.#run.resumeAfter(stream),
    REORDER_TIMEOUT,
  );
  /** Separate for each room, because an account has another occupant id in each. */
  readonly #owners: Map<string, ReturnType<typeof createStreamOwners>>;
  #positions: ArchivePositions;
  /** The positions when the reorder buffer was last empty. */
  #safePositions: ArchivePositions;
  /** The ordinal of the last incident of a legacy sensor. */
  #ordinal = 0;
  /** How many messages were read. */
  #count = 0;
  #context: SourceContext | undefined;

  constructor(options: ReceptionOptions) {
    const { stored } = options;
    this.#options = options;
    this.#owners = new Map(
      Object.entries(stored.owners).map(([room, snapshot]) => [room, createStreamOwners(snapshot)]),
    );
    this.#positions = stored.marks;
    this.#safePositions = stored.marks;
  }

  /** Starts another run of the source. */
  attach(context: SourceContext): void {
    this.#context = context;
  }

  /** How far each room has been read. */
  get positions(): ArchivePositions {
    return this.#positions;
  }

  /** Accepts messages. Resolves when the incidents that may be delivered are in the journal, with the positions. */
  async accept(messages: readonly RoomMessage[]): Promise<void> {
    const now = () => this.#run.now();
    const released: ReceivedIncident[] = [];
    const positions: Record<string, ArchivePosition> = { ...this.#positions };
    for (const message of messages) {
      for (const received of await this.#read(message))
        released.push(...(await this.#buffer.add(received, now())));
      const { room, archiveId, at } = message;
      if (archiveId !== undefined) positions[room] = { id: archiveId, at: at ?? now() };
    }
    await this.#report(released, positions);
  }

  /** Delivers the incidents that have waited too long for an earlier one. */
  async expire(): Promise<void> {
    const expired = this.#buffer.expire(this.#run.now());
    if (expired.length === 0) return;
    this.#run.log.warn('delivering out of order: earlier incidents did not arrive in time', {
      count: expired.length,
    });
    await this.#report(expired, this.#positions);
  }

  /** Sets the position in a room that has not been read yet. Resolves when it is stored. */
  async begin(room: string, position: ArchivePosition): Promise<void> {
    if (this.#safePositions[room] === undefined)
      this.#safePositions = { ...this.#safePositions, [room]: position };
    await this.#report([], { ...this.#positions, [room]: position });
  }

  get #run(): SourceContext {
    if (this.#context === undefined) throw new Error('Expected attach() before anything else.');
    return this.#context;
  }

  /** Reads the incidents of a message; rejects an invalid one. */
  async #read(roomMessage: RoomMessage): Promise<readonly ReceivedIncident[]> {
    this.#count += 1;
    try {
      return this.#parse(roomMessage);
    } catch (error) {
      const { message } = roomMessage;
      const text = message.toString();
      await this.#run.reject({
        file: `${this.#run.instance}/${occupantOf(message.attrs['from']).room}`,
        offset: this.#count,
        length: Buffer.byteLength(text),
        reason: describeError(error),
        ...(text.length <= MAX_REJECT_LENGTH && { text }),
      });
      return [];
    }
  }

  #parse(roomMessage: RoomMessage): readonly ReceivedIncident[] {
    const { message, at, again } = roomMessage;
    const occupant = String(message.attrs['from']);
    const sensor = this.#options.sensor === 'occupant' ? occupantOf(occupant).nick : undefined;
    const whole = wholeIncidentIn(message, sensor);
    if (whole !== undefined) {
      const { incident, after } = whole;
      this.#assertOwner(roomMessage, incident);
      return [{ ...parseIncidentId(incident.id), after, incident }];
    }
    const dionaea = message.getChild('body')?.getChild('dionaea', DIONAEA);
    if (dionaea === undefined || again === true) return [];
    return this.#parseLegacy(dionaea, occupant, at ?? this.#run.now());
  }

  /** The incidents of a legacy sensor: one for each child element, of which dionaea writes one. */
  #parseLegacy(dionaea: Element, occupant: string, timestamp: number): readonly ReceivedIncident[] {
    const { stream, connections } = this.#options;
    const origin = String(dionaea.attrs['incident']);
    const { nick: sensor } = occupantOf(occupant);
    return dionaea.getChildElements().flatMap((element) => {
      const content = readLegacyStanza(origin, element, occupant, connections);
      if (content === undefined) return [];
      this.#ordinal += 1;
      const id = `${stream}:${this.#ordinal}`;
      const incident = createIncident({ id, timestamp, sensor, ...content });
      return [{ stream, ordinal: this.#ordinal, after: undefined, incident }];
    });
  }

  #assertOwner(message: RoomMessage, { id }: Incident): void {
    const publisher = this.#options.publisherOf(message);
    if (publisher === undefined) return;
    const owners = this.#owners.get(message.room) ?? createStreamOwners();
    this.#owners.set(message.room, owners);
    const { stream } = parseIncidentId(id);
    if (owners.claim(stream, publisher)) return;
    throw new Error(
      `Expected ${id} from the publisher of the first incident of the stream ${stream}, found another occupant ("streams: anyone" accepts every occupant).`,
    );
  }

  async #report(released: readonly ReceivedIncident[], positions: ArchivePositions): Promise<void> {
    const owners = [...this.#owners].map(([room, own]) => [room, own.snapshot()]);
    const state: StoredState = { marks: this.#durable(positions), owners: Object.fromEntries(owners) };
    const incidents = released.map(({ incident }) => incident);
    // Safe: positions are plain data.
    await reportCompared(this.#run, incidents, { state: state as unknown as Value });
    this.#positions = positions;
    if (this.#buffer.pending().length === 0) this.#safePositions = positions;
  }

  /** The positions to store. While incidents wait in memory, a restart must read them again; everything else is known then. */
  #durable(positions: ArchivePositions): ArchivePositions {
    if (this.#buffer.pending().length === 0) return positions;
    return Object.fromEntries(
      Object.entries(positions).map(([room, { id, at }]): [string, ArchivePosition] => {
        const safe = this.#safePositions[room]?.id;
        return [room, { id: safe ?? '', at, ...(id !== safe && { told: id }) }];
      }),
    );
  }
}
