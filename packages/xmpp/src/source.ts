import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { defineSource, describeError, isIhandlerError, type Source, type Value } from '@ihandler/core';
import { createOccupants } from './legacy/occupants.ts';
import { accountOf, readSubscriberOptions, type XmppSourceOptions } from './options.ts';
import { listen } from './read/listening.ts';
import { createReception, type Kept } from './read/reception.ts';
import { createSpeakers } from './read/speakers.ts';

export type { XmppSourceOptions } from './options.ts';

function keptIn(state: Value | undefined): Kept {
  if (typeof state !== 'object' || state === null || !('marks' in state)) return { marks: {}, owners: {} };
  // Safe: only this source keeps it, in just this form.
  return state as unknown as Kept;
}

/**
 * Listens to rooms of an XMPP service: whole incidents of other ihandlers, whose ids stay, and what dionaea's own handler
 * says. What it missed it takes from the archives of the rooms. Connects again for as long as it runs. Throws `OPTIONS_INVALID`.
 */
export default function xmppSource(options: XmppSourceOptions): Source {
  const settings = readSubscriberOptions(options);
  return defineSource({
    name: 'xmpp',
    async run(context) {
      const { signal, log } = context;
      const account = accountOf(settings);
      const life = randomBytes(9).toString('base64url');
      const occupants = createOccupants(life);
      const speakers = createSpeakers(settings, log);
      const reception = createReception({
        context,
        sensor: settings.sensor,
        occupants,
        stream: `xmpp-${life}`,
        kept: keptIn(await context.state()),
        speakerOf: speakers.of,
      });
      let told = '';
      const onThere = () => {
        told = '';
        context.disconnected?.(undefined);
      };
      for (let failures = 0; !signal.aborted; failures += 1) {
        const began = context.now();
        try {
          await listen({ account, settings, context, occupants, reception, speakers, onThere });
        } catch (error) {
          if (signal.aborted) break;
          if (isIhandlerError(error)) throw error;
          const reason = describeError(error);
          if (reason !== told) log.warn('is away, and comes back', { error: reason });
          told = reason;
          context.disconnected?.(reason);
        }
        if (context.now() - began > 60_000) failures = 0;
        const longest = Math.min(30_000, 250 * 2 ** Math.min(failures, 10));
        await wait(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      }
    },
  });
}
