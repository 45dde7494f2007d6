import type { Handler, Source } from '@ihandler/core';
import forward from '@ihandler/forward';
import hpfeeds from '@ihandler/hpfeeds';
import hpfeedsSource from '@ihandler/hpfeeds/source';
import http from '@ihandler/http';
import nats from '@ihandler/nats';
import natsSource from '@ihandler/nats/source';
import xmpp from '@ihandler/xmpp';
import xmppSource from '@ihandler/xmpp/source';
import type { Service } from '../../../scripts/services.mjs';
import { freePort } from '../servers/free-port.ts';
import { startHpfeedsBroker } from '../servers/hpfeeds-broker.ts';
import { startNats } from '../servers/nats.ts';
import { startProsody } from '../servers/prosody.ts';

/** The two ends of a hop. */
export interface Hop {
  /** On the sensor. */
  readonly handler: Handler;
  /** On the hub. */
  readonly source: Source;
  /** The log message after which the source misses nothing; undefined: it never misses anything. */
  readonly listening?: string;
}

/** A server between a sensor and a hub, or none. */
export interface Network {
  /** A new hop, separate from all others. */
  hop(): Promise<Hop>;
  stop(): Promise<void>;
}

/** A path from a sensor to a hub. */
export interface Path {
  readonly name: string;
  /** The service that it requires. */
  readonly service?: Service;
  /** Undefined: the hub is the sensor itself. */
  readonly open?: () => Promise<Network>;
}

/** The filter of the first of two rooms, as in dionaea's manual: connections in one, everything else in the other. */
const inFirstRoom = ['dionaea.connection.*', 'dionaea.module.emu.*', 'dionaea.modules.python.s*'];

/** All paths of incidents, without masking. */
export const paths: readonly Path[] = [
  { name: 'no hop' },
  {
    name: 'forward',
    async open() {
      return {
        async hop() {
          const [port, token] = [await freePort(), '5d1f0a9c7e3b48260d9f'];
          return {
            handler: forward({ url: `http://127.0.0.1:${port}/`, token }),
            source: http({ port, sensors: [{ sensor: 'golden', token }] }),
          };
        },
        async stop() {},
      };
    },
  },
  {
    name: 'two XMPP rooms',
    service: 'prosody',
    async open() {
      const server = await startProsody({ pot: 'one', hub: 'two' });
      let hops = 0;
      const { url } = server;
      return {
        async hop() {
          hops += 1;
          const [first, second] = ['a', 'b'].map((room) => `${room}${hops}@rooms.localhost`);
          if (first === undefined || second === undefined) throw new Error('expected two rooms');
          const rooms = [
            { room: first, only: inFirstRoom, mask: false },
            { room: second, except: inFirstRoom, mask: false },
          ];
          return {
            handler: xmpp({ url, username: 'pot@localhost', password: 'one', rooms }),
            source: xmppSource({
              url,
              username: 'hub@localhost',
              password: 'two',
              rooms: [first, second],
            }),
            listening: 'joined rooms',
          };
        },
        stop: server.stop,
      };
    },
  },
  {
    name: 'a channel of whole incidents of hpfeeds',
    async open() {
      let hops = 0;
      const channels = Array.from({ length: 10 }, (_, at) => `incidents.${at}`);
      const broker = await startHpfeedsBroker({
        users: {
          pot: { secret: 'one', publish: channels, subscribe: [] },
          hub: { secret: 'two', publish: [], subscribe: channels },
        },
      });
      return {
        async hop() {
          const channel = `incidents.${hops}`;
          hops += 1;
          const at = { server: '127.0.0.1', port: broker.port };
          return {
            handler: hpfeeds({ ...at, ident: 'pot', secret: 'one', dionaea: false, channel }),
            source: hpfeedsSource({ ...at, ident: 'hub', secret: 'two', channels: [channel] }),
            listening: 'connected',
          };
        },
        stop: broker.stop,
      };
    },
  },
  {
    name: 'a JetStream stream of NATS',
    service: 'nats-server',
    async open() {
      const server = await startNats();
      let hops = 0;
      return {
        async hop() {
          hops += 1;
          const prefix = `parity${hops}`;
          const at = { url: server.url, stream: prefix, prefix, partitions: 4, create: {} };
          return { handler: nats(at), source: natsSource(at) };
        },
        stop: server.stop,
      };
    },
  },
];
