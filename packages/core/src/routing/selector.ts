import { IhandlerError } from '../contract/error.ts';
import type { Origins } from '../contract/meaning/origins.ts';
import { isRole, ROLES } from '../contract/meaning/roles.ts';
import { describeValue } from '../contract/text/describe-value.ts';
import { roleIn } from '../origins/role-listener.ts';
import { compileGlob } from './glob.ts';

/**
 * Compiles a glob over origins, or `role:` and a role, as handlers and entries name what they want. Throws `GLOB_INVALID`.
 */
export function compileSelector(
  glob: string,
  origins: Pick<Origins, 'rolesOf'>,
): (origin: string) => boolean {
  const role = roleIn(glob);
  if (role === undefined) return compileGlob(glob);
  if (!isRole(role))
    throw new IhandlerError(
      'GLOB_INVALID',
      `Unknown role in ${describeValue(glob)}: expected one of ${Object.keys(ROLES).join(', ')}.`,
    );
  return (origin) => origins.rolesOf(origin).includes(role);
}
