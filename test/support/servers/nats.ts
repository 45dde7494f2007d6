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
  /** Kills it, as in a crash; acknowledged messages are kept. */
  kill(): Promise<void>;
  /** Restarts it on the same port with the same messages. */
  start(): Promise<void>;
  /** Stops it and deletes its folder. */
  stop(): Promise<void>;
}

const places = ['/usr/sbin/nats-server', '/usr/bin/nats-server', '/usr/local/bin/nats-server'];

/** Starts a server; `config` is added to its configuration, for example users or TLS. Resolves when it accepts connections. */
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
    let output = '';
    await new Promise<void>((resolve, reject) => {
      started.once('error', reject);
      started.once('exit', (code) =>
        reject(new Error(`nats-server ended with ${code}: ${output.slice(-2000)}`)),
      );
      started.stderr?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('Server is ready')) resolve();
      });
    });
    started.removeAllListeners('exit');
    started.stderr?.removeAllListeners('data').resume();
  }

  async function kill(): Promise<void> {
    const running = child;
    child = undefined;
    await killProcess(running);
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
