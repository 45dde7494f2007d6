import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as tcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { killProcess } from './kill-process.ts';

/** A Prosody on loopback, with rooms that keep an archive. */
export interface Prosody {
  /** `xmpp://127.0.0.1:PORT`, of the domain `localhost`; rooms are at `rooms.localhost`. */
  readonly service: string;
  readonly port: number;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = tcp(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** prosodyctl sometimes ends with an error on a busy machine, and has the user when it is asked again. */
function register(config: string, user: string, password: string): void {
  for (let tries = 1; ; tries += 1)
    try {
      execFileSync('prosodyctl', ['--config', config, 'register', user, 'localhost', password], {
        stdio: 'pipe',
      });
      return;
    } catch (error) {
      if (tries === 3) throw error;
    }
}

/** Starts a server that knows these users by their passwords. */
export async function startProsody(users: Readonly<Record<string, string>>, extra = ''): Promise<Prosody> {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-prosody-'));
  const port = await freePort();
  for (const name of ['data', 'certs']) mkdirSync(join(folder, name));
  const config = join(folder, 'prosody.cfg.lua');
  const quoted = (text: string) => JSON.stringify(text);
  writeFileSync(
    config,
    `run_as_root = true
pidfile = ${quoted(join(folder, 'prosody.pid'))}
data_path = ${quoted(join(folder, 'data'))}
certificates = ${quoted(join(folder, 'certs'))}
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
s2s_ports = {}
legacy_ssl_ports = {}
http_ports = {}
https_ports = {}
modules_enabled = { "roster", "saslauth", "disco", "ping" }
modules_disabled = { "s2s", "tls", "offline" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
c2s_stanza_size_limit = 16777216
authentication = "internal_plain"
disable_sasl_mechanisms = { "SCRAM-SHA-1", "SCRAM-SHA-256", "DIGEST-MD5" }
log = { { levels = { min = "warn" }, to = "console" } }
${extra}
VirtualHost "localhost"
Component "rooms.localhost" "muc"
  modules_enabled = { "muc_mam" }
  restrict_room_creation = false
  muc_room_locking = false
  muc_room_default_persistent = true
  muc_log_by_default = true
`,
  );
  for (const [user, password] of Object.entries(users)) register(config, user, password);
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const started = spawn('prosody', ['--config', config, '-F'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    let said = '';
    for (const stream of [started.stdout, started.stderr])
      stream?.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-4000);
      });
    for (let tries = 0; tries < 200; tries += 1) {
      if (started.exitCode !== null) throw new Error(`prosody ended with ${started.exitCode}: ${said}`);
      if (await answers(port)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`prosody does not answer: ${said}`);
  }

  async function kill(): Promise<void> {
    const ending = child;
    child = undefined;
    await killProcess(ending);
    if (existsSync(join(folder, 'prosody.pid'))) rmSync(join(folder, 'prosody.pid'));
  }

  await start();
  return {
    service: `xmpp://127.0.0.1:${port}`,
    port,
    start,
    kill,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
