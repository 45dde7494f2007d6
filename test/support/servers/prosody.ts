import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as tcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { killProcess } from './kill-process.ts';

/** A Prosody on loopback whose rooms have archives. */
export interface Prosody {
  /** `xmpp://127.0.0.1:PORT`; the domain is `localhost`, and rooms are at `rooms.localhost`. */
  readonly url: string;
  readonly port: number;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

async function acceptsConnections(port: number): Promise<boolean> {
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
 * Writes an account in the form that Prosody's `internal_plain` stores. prosodyctl would start a Lua process for each
 * account, which takes seconds on a busy machine.
 */
function register(data: string, user: string, password: string): void {
  const accounts = join(data, 'localhost', 'accounts');
  mkdirSync(accounts, { recursive: true });
  // Other characters than letters and digits become a percent sign and two hexadecimal digits in the file name.
  const name = user.replace(
    /[^a-zA-Z0-9]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  writeFileSync(join(accounts, `${name}.dat`), `return { ["password"] = ${JSON.stringify(password)} };\n`);
}

/**
 * Merges settings, one a line; `others` replace or extend the usual ones. No setting may occur twice: Prosody warns about it,
 * and fails to format the warning when the path of its configuration is long.
 */
function settings(usual: string, others: string): string {
  const named = new Set(others.split('\n').map((line) => line.split(' = ')[0]));
  const unchanged = usual.split('\n').filter((line) => !named.has(line.split(' = ')[0]));
  return [...unchanged, others].join('\n');
}

/**
 * Starts a server with these users and passwords. The lines of `extra` replace or extend its settings, those of `rooms` the
 * settings of its rooms. A line with `ssl` enables the module `tls`.
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
    let output = '';
    for (const stream of [started.stdout, started.stderr])
      stream?.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-4000);
      });
    // Without a limit: a busy machine needs long, and the test has its own time limit.
    while (started.exitCode === null && started.signalCode === null) {
      if (await acceptsConnections(port)) return;
      if (output.includes('Failed to open server port')) break;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await killProcess(started);
    throw new Error(`prosody does not accept connections: ${output}`);
  }

  async function kill(): Promise<void> {
    const running = child;
    child = undefined;
    await killProcess(running);
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
