import { IhandlerError } from '@ihandler/core';
import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { CommonSettings } from './options.ts';

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 10_059;
}

/**
 * Finds the stream, or makes it with the limits of `create`. A stream that does not take our subjects is told at once.
 * Whatever the server refuses is thrown as it comes.
 */
export async function ensureStream(manager: JetStreamManager, settings: CommonSettings): Promise<StreamInfo> {
  const { stream, prefix, create } = settings;
  let info: StreamInfo;
  try {
    info = await manager.streams.info(stream);
  } catch (error) {
    if (!isMissing(error) || create === undefined) throw error;
    info = await manager.streams.add({
      name: stream,
      subjects: [`${prefix}.>`],
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      storage: StorageType.File,
      num_replicas: create.replicas,
      duplicate_window: nanos(create.duplicates),
      ...(create.maxBytes !== undefined && { max_bytes: create.maxBytes }),
      ...(create.maxAge !== undefined && { max_age: nanos(create.maxAge) }),
    });
  }
  const { subjects = [] } = info.config;
  if (!subjects.some((subject) => covers(subject, `${prefix}.0.sensor.origin`)))
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `nats: expected that the stream ${stream} takes the subjects ${prefix}.>, found ${subjects.join(', ') || 'none'}: set "prefix" or "stream", or add the subject to the stream.`,
    );
  return info;
}

/** Whether a subject with wildcards matches one without. */
export function covers(pattern: string, subject: string): boolean {
  const words = subject.split('.');
  const wanted = pattern.split('.');
  for (const [at, word] of wanted.entries()) {
    if (word === '>') return words.length > at;
    if (words[at] === undefined || (word !== '*' && word !== words[at])) return false;
  }
  return wanted.length === words.length;
}
