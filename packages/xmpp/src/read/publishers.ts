import type { Log } from '@ihandler/core';
import { occupantOf } from '../connection/muc.ts';
import type { RoomMessage } from './archive.ts';

const OCCUPANT_ID = 'urn:xmpp:occupant-id:0';

/** Identifies the publishers of messages. */
export interface Publishers {
  /** Learns from a room's features whether it identifies its occupants (XEP-0421); warns once if it does not. */
  learn(room: string, features: ReadonlySet<string>, log: Log): void;
  /**
   * The publisher of a message: an id that a room assigns to an account, whatever its nick, live and in the archive. Undefined
   * when stream owners are not checked, or when the room does not identify its occupants and nicks may change.
   */
  of(message: RoomMessage): string | undefined;
}

/** The options that decide who owns a stream. */
export interface PublisherSettings {
  readonly streams: 'first' | 'anyone';
  readonly sensor: 'incident' | 'occupant';
}

/** With `sensor: occupant`, where sensors have fixed nicks, the nick identifies occupants of rooms without occupant ids. */
export function createPublishers({ streams, sensor }: PublisherSettings): Publishers {
  const identifyingRooms = new Set<string>();
  const warnedRooms = new Set<string>();

  return {
    learn(room, features, log) {
      if (streams === 'anyone') return;
      if (features.has(OCCUPANT_ID)) {
        identifyingRooms.add(room);
        return;
      }
      identifyingRooms.delete(room);
      if (sensor === 'occupant' || warnedRooms.has(room)) return;
      warnedRooms.add(room);
      log.warn(
        'room does not identify its occupants (XEP-0421): any occupant can publish for another; enable it on the server (Prosody 0.12) or set "sensor: occupant"',
        { room },
      );
    },
    of({ room, message }) {
      if (streams === 'anyone') return undefined;
      if (identifyingRooms.has(room)) {
        const id: unknown = message.getChild('occupant-id', OCCUPANT_ID)?.attrs['id'];
        // Archived messages from before the room had occupant ids share one anonymous publisher.
        return typeof id === 'string' ? id : '';
      }
      return sensor === 'occupant' ? occupantOf(message.attrs['from']).nick : undefined;
    },
  };
}
