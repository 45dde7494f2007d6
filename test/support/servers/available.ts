import { describe, it } from 'vitest';
import {
  describe as describeWords,
  findService,
  howToInstall,
  type Service,
} from '../../../scripts/services.mjs';

/**
 * A suite that requires a service of the operating system. If the service is not installed, the suite consists of one test,
 * which fails and says how to install it. With IHANDLER_SKIP_SERVICES=1 the suite is skipped, and its name says so.
 */
export function describeService(service: Service, suite: () => void): void {
  const words = describeWords(service);
  if (process.env['IHANDLER_SKIP_SERVICES'] === '1') {
    describe.skipIf(true)(`with ${words} (skipped: IHANDLER_SKIP_SERVICES is set)`, suite);
    return;
  }
  if (findService(service) !== undefined) {
    describe(`with ${words}`, suite);
    return;
  }
  it(`needs ${words}`, () => {
    throw new Error(
      `${words} is not installed. ${howToInstall(service)}. IHANDLER_SKIP_SERVICES=1 skips these tests.`,
    );
  });
}
