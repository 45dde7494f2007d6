import { join } from 'node:path';
import type { HostProcess } from '../host/host-process.ts';
import { runHost } from '../host/run-host.ts';
import { freePort } from '../servers/free-port.ts';
import { startHpfeedsBroker } from '../servers/hpfeeds-broker.ts';
import type { NatsServer } from '../servers/nats.ts';
import type { Postgres } from '../servers/postgres.ts';
import type { Prosody } from '../servers/prosody.ts';

/** The sensors, by their transport, which loses nothing. */
export const SENSORS = ['forward', 'nats', 'xmpp'] as const;

/** A further sensor, whose transport loses messages on their way when a process is killed. */
export const LOSSY = 'hpfeeds' as const;

/** The servers between sensors and hubs, and behind the hubs. */
export interface Servers {
  readonly postgres: Postgres;
  readonly nats: NatsServer;
  readonly prosody: Prosody;
  readonly hpfeeds: Broker;
}

/** A broker that can be killed and restarted on the same port. */
export interface Broker {
  readonly port: number;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const CHANNEL = 'ihandler.incidents';

/** A broker where the sensor may publish and the first hub subscribe. */
export async function startBroker(): Promise<Broker> {
  const users = {
    pot: { secret: 'one', publish: [CHANNEL], subscribe: [] },
    left: { secret: 'two', publish: [], subscribe: [CHANNEL] },
  };
  let running = await startHpfeedsBroker({ users });
  const { port } = running;
  const stop = () => running.stop();
  return {
    port,
    stop,
    kill: stop,
    async start() {
      running = await startHpfeedsBroker({ users, port });
    },
  };
}

/** The accounts of the XMPP server, with their passwords. */
export const XMPP_USERS = { pot: 'one', left: 'two', right: 'three' };

/** The file that dionaea writes on a sensor. */
export const fileOf = (folder: string, sensor: string) => join(folder, sensor, 'incidents.json');

/**
 * Sensors that each follow a file, and two hubs that write to one database. The first hub accepts posts and reads the hpfeeds
 * channel and half of the partitions; the second hub reads the other half; both read the room. None of them is started.
 */
export async function threeSensors(
  program: string,
  folder: string,
  { postgres, nats, prosody, hpfeeds }: Servers,
): Promise<readonly HostProcess[]> {
  const [port, token] = [await freePort(), '5d1f0a9c7e3b48260d9f'];
  const room = 'incidents@rooms.localhost';
  const stream = { url: nats.url, partitions: 4, create: {} };
  const by = (user: keyof typeof XMPP_USERS) => ({
    url: prosody.url,
    username: `${user}@localhost`,
    password: XMPP_USERS[user],
  });
  const broker = { server: '127.0.0.1', port: hpfeeds.port };
  const handlers = {
    forward: { url: `http://127.0.0.1:${port}/`, token },
    nats: stream,
    xmpp: { ...by('pot'), rooms: [{ room, mask: false }] },
    hpfeeds: { ...broker, ident: 'pot', secret: 'one', dionaea: false },
  };
  const sensors = [...SENSORS, LOSSY].map((name) =>
    runHost(program, folder, name, {
      sources: [{ name: 'dionaea-follow', config: { file: fileOf(folder, name), poll: '50ms' } }],
      ihandlers: [{ name, mask: false, config: handlers[name] }],
    }),
  );
  const ihandlers = [{ name: 'log-postgres', config: { url: postgres.url } }];
  const heard = (user: 'left' | 'right') => ({
    name: 'xmpp',
    config: { ...by(user), rooms: [room], from: 'beginning' },
  });
  const sources = [
    [
      { name: 'http', config: { port, sensors: [{ sensor: 'forward', token }] } },
      { name: 'nats', config: { ...stream, take: [0, 1] } },
      heard('left'),
      { name: 'hpfeeds', config: { ...broker, ident: 'left', secret: 'two' } },
    ],
    [{ name: 'nats', config: { ...stream, take: [2, 3] } }, heard('right')],
  ] as const;
  const hubs = ['left', 'right'].map((name, at) =>
    runHost(program, folder, name, { sources: sources[at] ?? [], ihandlers }),
  );
  return [...hubs, ...sensors];
}
