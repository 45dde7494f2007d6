import type { Source } from '@ihandler/core';
import type { DeclaredOrigins } from '@ihandler/core/origins';
import type { Installed } from '../discovery/find-packages.ts';

/**
 * What sources and the installed packages declare about origins: sources first, since their options decide it; packages in the
 * order in which they were found.
 */
export function declaredOrigins(
  { packages }: Pick<Installed, 'packages'>,
  sources: readonly Source[] = [],
): readonly DeclaredOrigins[] {
  return [...sources, ...packages].flatMap(({ origins }) => origins ?? []);
}
