import { randomBytes } from 'node:crypto';
import { defineSource, failureKind, type Source, type Value } from '@ihandler/core';
import { createLegacyConnections, type LegacyConnections } from './legacy/legacy-connections.ts';
import {
  accountOf,
  readSubscriberOptions,
  type SubscriberSettings,
  type XmppSourceOptions,
} from './options.ts';
import { createPublishers, type Publishers } from './read/publishers.ts';
import { Reception, type StoredState } from './read/reception.ts';
import { RoomListener } from './read/room-listener.ts';

export type { XmppSourceOptions } from './options.ts';

/** What survives a reconnect. */
interface Memory {
  readonly connections: LegacyConnections;
  readonly publishers: Publishers;
  readonly reception: Reception;
}

function stateIn(value: Value | undefined): StoredState {
  if (typeof value !== 'object' || value === null || !('marks' in value)) return { marks: {}, owners: {} };
  // Safe: only this source stores it, in exactly this form.
  return value as unknown as StoredState;
}

function createMemory(settings: SubscriberSettings, stored: StoredState): Memory {
  const life = randomBytes(9).toString('base64url');
  const connections = createLegacyConnections(life);
  const publishers = createPublishers(settings);
  const reception = new Reception({
    sensor: settings.sensor,
    connections,
    stream: `xmpp-${life}`,
    stored,
    publisherOf: publishers.of,
  });
  return { connections, publishers, reception };
}

/**
 * Listens to rooms of an XMPP service: whole incidents of other ihandlers, whose ids are kept, and the stanzas of dionaea's
 * own handler. It reads missed messages from the archives of the rooms. Its run rejects with a temporary error when the
 * connection fails or ends. Throws `OPTIONS_INVALID`.
 */
export default function xmppSource(options: XmppSourceOptions): Source {
  const settings = readSubscriberOptions(options);
  let surviving: Memory | undefined;
  return defineSource({
    name: 'xmpp',
    async run(context) {
      const account = accountOf(settings);
      const memory = surviving ?? createMemory(settings, stateIn(await context.state()));
      surviving = undefined;
      memory.reception.attach(context);
      try {
        await new RoomListener({ account, settings, context, ...memory }).run();
      } catch (error) {
        if (context.signal.aborted) return;
        // After any other error the journal may have less than the memory: the next run starts from the journal.
        if (failureKind(error) === 'temporary') surviving = memory;
        throw error;
      }
    },
  });
}
