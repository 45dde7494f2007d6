import { escapeControls, IhandlerError } from '@ihandler/core';
import { didYouMean } from '@ihandler/host';

/** Throws `OPTIONS_INVALID`, with the nearest name and all others, for an unknown instance. */
export function assertKnown(instance: string, known: readonly string[]): void {
  if (known.includes(instance)) return;
  throw new IhandlerError(
    'OPTIONS_INVALID',
    escapeControls(
      `Unknown instance ${instance}${didYouMean(instance, known)}. Known: ${known.join(', ') || 'none'}.`,
    ),
  );
}
