import type { DeclaredOrigins } from '@ihandler/core/origins';
import type { Installed } from '../discovery/find-packages.ts';

/** What the installed packages declare about origins, in the order in which the packages were found. */
export function declaredOrigins({ packages }: Pick<Installed, 'packages'>): readonly DeclaredOrigins[] {
  return packages.flatMap(({ origins }) => origins ?? []);
}
