/** The commands of a package manager, for texts. */
export interface PackageManager {
  readonly name: 'npm' | 'pnpm' | 'yarn';
  readonly install: string;
  /** The command that installs the package manager itself in CI; undefined where it is there. */
  readonly setUp?: string;
  /** Whether it installs into node_modules only if its configuration says so: Yarn 2 and newer. */
  readonly needsNodeLinker?: boolean;
  /** Runs a script of the package. */
  run(script: string): string;
  /** Runs a program of the package's dependencies. */
  exec(command: string): string;
}

const npm: PackageManager = {
  name: 'npm',
  install: 'npm install',
  run: (script) => (script === 'test' ? 'npm test' : `npm run ${script}`),
  exec: (command) => `npx ${command}`,
};

const others: readonly PackageManager[] = [
  {
    name: 'pnpm',
    install: 'pnpm install',
    setUp: 'npm install --global pnpm',
    run: (script) => (script === 'test' ? 'pnpm test' : `pnpm run ${script}`),
    exec: (command) => `pnpm exec ${command}`,
  },
  {
    name: 'yarn',
    install: 'yarn install',
    // Without `run`, `yarn check` and `yarn version` are commands of Yarn itself.
    run: (script) => (script === 'test' ? 'yarn test' : `yarn run ${script}`),
    exec: (command) => `yarn ${command}`,
  },
];

/** The package manager that started this program, by `npm_config_user_agent`: `pnpm/12.0.0 npm/? node/v20.19.0`. */
export function packageManager(userAgent = ''): PackageManager {
  const name = userAgent.split('/')[0];
  const found = others.find((each) => each.name === name) ?? npm;
  const isModernYarn = found.name === 'yarn' && Number.parseInt(userAgent.slice('yarn/'.length), 10) > 1;
  return isModernYarn ? { ...found, setUp: 'corepack enable', needsNodeLinker: true } : found;
}
