import type { Log } from '@ihandler/core';
import { occupantOf } from '../connection/muc.ts';
import type { Archived } from './archive.ts';

const OCCUPANT_ID = 'urn:xmpp:occupant-id:0';

/** Who speaks in rooms. */
export interface Speakers {
  /** Learns from what a room can do whether it says so (XEP-0421). */
  learn(room: string, features: ReadonlySet<string>): void;
  /**
   * The speaker of a message: what its room, and no other, calls an account whatever its name, live and in the archive. Undefined
   * where that is not asked for, or where a room does not say it and names may change.
   */
  of(message: Archived): string | undefined;
}

/** What decides whose a stream is. */
export interface SpeakerSettings {
  readonly streams: 'first' | 'anyone';
  readonly sensor: 'incident' | 'occupant';
}

/** Where sensors are known by their names in a room (`sensor: occupant`), a name will do in rooms that have nothing better. */
export function createSpeakers({ streams, sensor }: SpeakerSettings, log: Log): Speakers {
  const telling = new Set<string>();
  const warned = new Set<string>();

  return {
    learn(room, features) {
      if (streams === 'anyone') return;
      if (features.has(OCCUPANT_ID)) {
        telling.add(room);
        return;
      }
      telling.delete(room);
      if (sensor === 'occupant' || warned.has(room)) return;
      warned.add(room);
      log.warn(
        'a room does not say who is speaking (XEP-0421): whoever is in it could speak for others. Let its server say it (Prosody 0.12), or set "sensor: occupant"',
        { room },
      );
    },
    of({ room, message }) {
      if (streams === 'anyone') return undefined;
      if (telling.has(room)) {
        const id: unknown = message.getChild('occupant-id', OCCUPANT_ID)?.attrs['id'];
        // What the archive has of the time before the room said it is as good as anonymous.
        return typeof id === 'string' ? id : '';
      }
      return sensor === 'occupant' ? occupantOf(message.attrs['from']).nick : undefined;
    },
  };
}
