import { IhandlerError } from '@ihandler/core';
import { type BuiltIn, configOption } from '../app.ts';
import { hostFor } from '../configured-host.ts';
import { exitCodes } from '../exit-code.ts';

/** `resume NAME`: starts a handler that was paused because it ended the program too often. */
export const resumeCommand: BuiltIn = {
  name: 'resume',
  summary: 'Start a handler that was paused because it ended the program',
  usage: 'NAME [-c FILE.yaml]',
  options: { config: configOption },
  examples: [['ihandler resume notify -c my.yaml', 'at once, or at the next start if it is not running']],
  async run(args, app) {
    const [instance, ...more] = args.positionals;
    if (instance === undefined || more.length > 0)
      throw new IhandlerError(
        'OPTIONS_INVALID',
        `resume expects the name of one handler. See: ${app.program} resume --help`,
      );
    const isResumed = await (await hostFor(args, app)).resume(instance);
    app.note(isResumed ? `resumed ${instance}` : `${instance} is not paused`);
    return isResumed ? exitCodes.ok : exitCodes.nothing;
  },
};
