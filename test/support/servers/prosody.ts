import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as tcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { killProcess } from './kill-process.ts';

/** A Prosody on loopback, with rooms that keep an archive. */
export interface Prosody {
  /** `xmpp://127.0.0.1:PORT`, of the domain `localhost`; rooms are at `rooms.localhost`. */
  readonly url: string;
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

/**
 * Writes an account as Prosody keeps it with `internal_plain`: prosodyctl would start a whole Lua for each, which takes
 * seconds on a busy machine.
 */
function register(data: string, user: string, password: string): void {
  const accounts = join(data, 'localhost', 'accounts');
  mkdirSync(accounts, { recursive: true });
  // What is neither letter nor digit is a percent sign and two hexadecimal digits in the name of the file.
  const name = user.replace(
    /[^a-zA-Z0-9]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  writeFileSync(join(accounts, `${name}.dat`), `return { ["password"] = ${JSON.stringify(password)} };\n`);
}

/**
 * Settings, one a line, with others instead of or beside them. None may be there twice: Prosody warns of it, and fails to put
 * the warning together when the path of its configuration is long.
 */
function settings(usual: string, others: string): string {
  const named = new Set(others.split('\n').map((line) => line.split(' = ')[0]));
  const kept = usual.split('\n').filter((line) => !named.has(line.split(' = ')[0]));
  return [...kept, others].join('\n');
}

/**
 * Starts a server that knows these users by their passwords. The lines of `extra` are its settings instead of or beside the
 * usual ones, those of `rooms` the settings of its rooms. Of the modules, `tls` is switched on by a line of `ssl`.
 */
export async function startProsody(
  users: Readonly<Record<string, string>>,
  extra = '',
  rooms = '',
): Promise<Prosody> {
  const tls = /^ssl = /m.test(extra);
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-prosody-'));
  const port = await freePort();
  for (const name of ['data', 'certs']) mkdirSync(join(folder, name));
  const config = join(folder, 'prosody.cfg.lua');
  const quoted = (text: string) => JSON.stringify(text);
  writeFileSync(
    config,
    `${settings(
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
modules_enabled = { "roster", "saslauth", "disco", "ping"${tls ? ', "tls"' : ''} }
modules_disabled = { "s2s", "offline"${tls ? '' : ', "tls"'} }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
c2s_stanza_size_limit = 16777216
authentication = "internal_plain"
disable_sasl_mechanisms = { "SCRAM-SHA-1", "SCRAM-SHA-256", "DIGEST-MD5" }
log = { { levels = { min = "warn" }, to = "console" } }`,
      extra,
    )}
VirtualHost "localhost"
Component "rooms.localhost" "muc"
${settings(
  `modules_enabled = { "muc_mam" }
restrict_room_creation = false
muc_room_locking = false
muc_room_default_persistent = true
muc_log_by_default = true`,
  rooms,
)}
`,
  );
  for (const [user, password] of Object.entries(users)) register(join(folder, 'data'), user, password);
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const started = spawn('prosody', ['--config', config, '-F'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    let said = '';
    for (const stream of [started.stdout, started.stderr])
      stream?.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-4000);
      });
    // For as long as it lives: how long it takes is the machine's business, and the test has a time limit of its own.
    while (started.exitCode === null && started.signalCode === null) {
      if (await answers(port)) return;
      if (said.includes('Failed to open server port')) break;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await killProcess(started);
    throw new Error(`prosody does not take connections: ${said}`);
  }

  async function kill(): Promise<void> {
    const ending = child;
    child = undefined;
    await killProcess(ending);
    if (existsSync(join(folder, 'prosody.pid'))) rmSync(join(folder, 'prosody.pid'));
  }

  await start();
  return {
    url: `xmpp://127.0.0.1:${port}`,
    port,
    start,
    kill,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
