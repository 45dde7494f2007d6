import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findService, howToInstall } from '../../../scripts/services.mjs';
import { freePort } from './free-port.ts';

/** How to start a server. */
export interface PostgresOptions {
  /** Whether commits survive a crash of the machine; slower. A killed server loses nothing either way. @default false */
  readonly fsync?: boolean;
  /** The password of every user, including the superuser. Default: local users need no password. */
  readonly password?: string;
  /** Whether it offers TLS, with a self-signed certificate for 127.0.0.1. @default false */
  readonly tls?: boolean;
  /** Further settings: `{ max_connections: '8' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL server for one test, on 127.0.0.1, with its files in a temporary folder. */
export interface Postgres {
  /** URL with the superuser `ihandler` and the database `postgres`; the same after a restart. */
  readonly url: string;
  readonly port: number;
  /** With `tls`, the path of its certificate, in PEM. */
  readonly certificate: string;
  /** Kills it with all its processes (SIGKILL), as in a crash; its files are kept. */
  kill(): Promise<void>;
  /** Starts it again after {@link Postgres.kill}; resolves when it accepts connections. */
  start(): Promise<void>;
  /** Stops it and deletes its files. May be called twice. */
  stop(): Promise<void>;
}

const USER = 'ihandler';
const PATIENCE = 30_000;

/** PostgreSQL refuses to run as root; root runs it as the user that its package has created. */
const isRoot = process.getuid?.() === 0;
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

/** The command line of a program under a user that may run PostgreSQL. */
function asServer(program: string, args: readonly string[]): [command: string, args: string[]] {
  if (setpriv === undefined) return [program, [...args]];
  const user = isRoot ? ['--reuid=postgres', '--regid=postgres', '--init-groups'] : [];
  // The server must not survive when the tests are killed.
  return [setpriv, [...user, '--pdeathsig=KILL', '--', program, ...args]];
}

function giveToServer(path: string): void {
  if (!isRoot) return;
  const idOf = (kind: string) => Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }));
  chownSync(path, idOf('-u'), idOf('-g'));
}

function initialise(folder: string, bin: string, password: string | undefined): void {
  const file = join(folder, 'password');
  const basics = ['-D', join(folder, 'data'), '-U', USER, '--no-sync', '-E', 'UTF8', '--locale=C'];
  let access = ['-A', 'trust'];
  if (password !== undefined) {
    writeFileSync(file, password, { mode: 0o600 });
    giveToServer(file);
    access = ['-A', 'scram-sha-256', `--pwfile=${file}`];
  }
  const [command, args] = asServer(join(bin, 'initdb'), [...basics, ...access]);
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder });
  rmSync(file, { force: true });
}

/**
 * The same for a server without a password, as a copy of a database that was created earlier in the same run of `npm test`. The run
 * provides the folder and removes it.
 */
function copyInitialised(folder: string, bin: string): void {
  const run = process.env['IHANDLER_TEST_FOLDER'];
  if (run === undefined) {
    initialise(folder, bin, undefined);
    return;
  }
  const model = join(run, 'postgres-model');
  if (!existsSync(model)) {
    const fresh = mkdtempSync(`${model}-`);
    giveToServer(fresh);
    initialise(fresh, bin, undefined);
    try {
      renameSync(fresh, model);
    } catch {
      // Another process was faster.
      rmSync(fresh, { recursive: true, force: true });
    }
  }
  execFileSync('cp', ['-a', join(model, 'data'), folder]);
}

/** Creates a self-signed certificate and its key in a folder. */
function certify(folder: string): Record<string, string> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=postgres', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', key, '-out', certificate];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...files, ...subject],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  for (const file of [key, certificate]) giveToServer(file);
  return { ssl: 'on', ssl_key_file: key, ssl_cert_file: certificate };
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    // Not Linux, or the process has ended: its children notice that themselves.
    return [];
  }
}

function endHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** Resolves when a server accepts connections; throws with its output when it ends or needs too long. */
async function ready(child: ChildProcess): Promise<void> {
  let said = '';
  let isReady = false;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (isReady) return;
    said += text;
    isReady = said.includes('ready to accept connections');
  });
  const end = Date.now() + PATIENCE;
  while (!isReady) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > end)
      throw new Error(`PostgreSQL did not start:\n${said}`);
    await delay(10);
  }
}

/** Makes a database and starts a server on it; resolves when it accepts connections. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const { fsync = false, password, tls = false, settings = {} } = options;
  const program = findService('postgres');
  if (program === undefined) throw new Error(`PostgreSQL is missing. ${howToInstall('postgres')}.`);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-postgres-'));
  const all: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    // Commits stay synchronous. Otherwise a killed server would lose the latest.
    ...(fsync ? {} : { fsync: 'off', full_page_writes: 'off' }),
    ...settings,
  };
  let child: ChildProcess | undefined;

  function endNow(): void {
    const { pid } = child ?? {};
    if (pid === undefined) return;
    const children = childrenOf(pid);
    for (const one of [pid, ...children]) endHard(one);
  }

  async function ended(): Promise<void> {
    const running = child;
    if (running === undefined) return;
    if (running.exitCode === null && running.signalCode === null)
      await new Promise((resolve) => running.once('exit', resolve));
    child = undefined;
    process.off('exit', endNow);
  }

  async function start(): Promise<void> {
    const end = Date.now() + PATIENCE;
    for (;;) {
      try {
        return await startOnce();
      } catch (error) {
        // The kernel may take a moment to free the shared memory of a killed server.
        if (!/shared memory block .* still in use/.test(String(error)) || Date.now() > end) throw error;
        await delay(100);
      }
    }
  }

  async function startOnce(): Promise<void> {
    const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const [command, words] = asServer(program ?? '', ['-D', join(folder, 'data'), ...args]);
    child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder });
    child.once('error', () => undefined);
    process.once('exit', endNow);
    try {
      await ready(child);
    } catch (error) {
      endNow();
      await ended();
      throw error;
    }
  }

  async function stop(): Promise<void> {
    // Fast shutdown: it closes connections instead of waiting for them.
    child?.kill('SIGINT');
    await ended();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }

  try {
    giveToServer(folder);
    if (password === undefined) copyInitialised(folder, dirname(program));
    else initialise(folder, dirname(program), password);
    if (tls) Object.assign(all, certify(folder));
    await start();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    throw error;
  }
  const login = password === undefined ? USER : `${USER}:${encodeURIComponent(password)}`;
  return {
    url: `postgres://${login}@127.0.0.1:${port}/postgres`,
    port,
    certificate: join(folder, 'certificate.pem'),
    start,
    stop,
    async kill() {
      endNow();
      await ended();
    },
  };
}
