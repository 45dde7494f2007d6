import type { PrebuiltSqlite } from '../../scripts/prebuilt-sqlite.mjs';

/** The environment of a new terminal, without the variables of npm, pnpm and vitest. */
export function freshEnvironment(sqlite: PrebuiltSqlite): NodeJS.ProcessEnv {
  const setByTools =
    /^(?:npm_(?:package|lifecycle|command|config_(?:local|global)?_?prefix)|INIT_CWD|NODE_(?!EXTRA_CA_CERTS)|VITEST)/;
  const others = Object.entries(process.env).filter(([name]) => !setByTools.test(name));
  return {
    ...Object.fromEntries(others),
    ...sqlite.environment,
    npm_config_prefer_offline: 'true',
    // In CI, Yarn expects a lockfile, which a new project does not have.
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    NO_COLOR: '1',
  };
}
