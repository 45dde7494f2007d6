// What `npm start` shows: recorded attacks go through the real program into a fresh database in .ihandler/demo, and come
// out as an overview and as trees. Writes nothing outside that folder; ends with the exit code of the step that failed.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const demo = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(demo));
// Where the user stands: the commands below are to work when they are pasted there.
const here = process.env.INIT_CWD ?? process.cwd();
const folder = join(root, '.ihandler', 'demo');
const recordings = ['seed-attack.ndjson', 'dionaea-a/log_incident.ndjson', 'dionaea-c/log_incident.ndjson'];

const isColorful = process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
const paint = (code, text) => (isColorful ? `\x1b[${code}m${text}\x1b[0m` : text);
const fromHere = (path) => relative(here, path) || '.';
const word = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const commandLine = (args) => ['npm run --silent ihandler --', ...args.map(word)].join(' ');

/** Runs the program as `npm run ihandler` would, in the user's folder; answers its exit code. */
function ihandler(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'apps', 'ihandler', 'dist', 'main.js'), ...args], {
      cwd: here,
      env: { ...process.env, npm_lifecycle_event: 'ihandler' },
      stdio: 'inherit',
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

const database = fromHere(join(folder, 'dionaea.sqlite'));
const files = recordings.map((name) => fromHere(join(root, 'test', 'recordings', name)));
const steps = [
  [
    'Three recordings of a honeypot under attack',
    ['import', '-c', fromHere(join(demo, 'ihandler.yaml')), ...files],
  ],
  ['Summary of the recorded attacks', ['summary', database]],
  [
    "The attack in dionaea's manual: an exploit, a shell, a download",
    ['tree', database, '--connection', '610'],
  ],
  ['An attacker logs in to MySQL and looks around', ['tree', database, '--connection', '622']],
];
const next = [
  ['one attack as the manual prints it', ['tree', database, '--connection', '610', '--format', 'manual']],
  ['all attacks', ['tree', database]],
  ['what is installed, and what leaves this machine', ['list']],
  ['everything the program can do', ['--help']],
];

// A terminal sends Ctrl-C to the program too, which ends properly and tells; then this ends as well.
process.on('SIGINT', () => {});
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [title, args] of steps) {
  console.log(`\n${paint('1;36', `── ${title}`)}`);
  const code = await ihandler(args);
  if (code !== 0) {
    console.error(`\nThe demo ended here with exit code ${code}:\n  ${commandLine(args)}`);
    process.exit(code);
  }
}
console.log(`\n${paint('1;36', '── Yours to look at')}`);
console.log(`The database, with dionaea's own tables:\n  ${database}`);
console.log('\nTry next:');
for (const [what, args] of next) console.log(`  ${paint('2', `# ${what}`)}\n  ${commandLine(args)}`);
console.log(
  `  ${paint('2', '# your own dionaea, read as it is')}\n  ${commandLine(['tree'])} /path/to/dionaea.sqlite`,
);
