import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { killProcess } from './kill-process.ts';

/** A nats-server with JetStream on loopback. */
export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** Ends it as a crash does; the messages it has acknowledged stay. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same messages. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const places = ['/usr/sbin/nats-server', '/usr/bin/nats-server', '/usr/local/bin/nats-server'];

/** Starts a server; `config` is added to its configuration, such as users or TLS. Resolves when it takes connections. */
export async function startNats(config = ''): Promise<NatsServer> {
  const program = places.find((place) => existsSync(place)) ?? 'nats-server';
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-nats-'));
  const port = await freePort();
  const file = join(folder, 'nats.conf');
  writeFileSync(
    file,
    `host: 127.0.0.1\nport: ${port}\njetstream { store_dir: ${JSON.stringify(folder)} }\n${config}\n`,
  );
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const started = spawn(program, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    child = started;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      started.once('error', reject);
      started.once('exit', (code) =>
        reject(new Error(`nats-server ended with ${code}: ${said.slice(-2000)}`)),
      );
      started.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('Server is ready')) resolve();
      });
    });
    started.removeAllListeners('exit');
    started.stderr?.removeAllListeners('data').resume();
  }

  async function kill(): Promise<void> {
    const ending = child;
    child = undefined;
    await killProcess(ending);
  }

  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    start,
    kill,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
