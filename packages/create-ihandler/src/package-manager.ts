/** The commands of a package manager, for texts. */
export interface PackageManager {
  readonly name: 'npm' | 'pnpm' | 'yarn';
  readonly install: string;
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
    run: (script) => `pnpm ${script}`,
    exec: (command) => `pnpm exec ${command}`,
  },
  {
    name: 'yarn',
    install: 'yarn install',
    run: (script) => `yarn ${script}`,
    exec: (command) => `yarn ${command}`,
  },
];

/** The package manager that started this program, by `npm_config_user_agent`: `pnpm/12.0.0 npm/? node/v20.19.0`. */
export function packageManager(userAgent = ''): PackageManager {
  const name = userAgent.split('/')[0];
  return others.find((each) => each.name === name) ?? npm;
}
