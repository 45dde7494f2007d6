import { isAbsolute } from 'node:path';
import type { Source } from '@ihandler/core';
import { durationOption, sizeOption } from '@ihandler/core/kit';
import { z } from 'zod';
import type { LineFormat } from './format.ts';

/** The settings of a source of lines. */
export interface LinesSettings {
  readonly format: LineFormat;
  /** The file, as an absolute path, or `-` for standard input when it is read to its end. */
  readonly file: string;
  /** Name of the sensor that writes the lines. @default the sensor of the host */
  readonly sensor?: string | undefined;
  /** Longest line, in bytes, whose values are not cut. */
  readonly maxLine: number;
  /** Whether the files that the lines name are on this machine, so that handlers may open them. @default false */
  readonly local?: boolean | undefined;
}

/** The settings of a source that follows a file. */
export interface FollowSettings extends LinesSettings {
  /** Folder to which rotations move earlier parts, as an absolute path. @default folders near the file */
  readonly rotatedTo?: string | undefined;
  /** How often to check the file, in milliseconds. */
  readonly poll: number;
  /** Where to start on the first run, when the file already exists. */
  readonly start: 'beginning' | 'end';
}

/** The findings of `Source.check`. */
export type Finding = Awaited<ReturnType<NonNullable<Source['check']>>>[number];

/** An option that is an absolute path. The program makes relative paths absolute. */
export function absolutePath(description: string, example: string) {
  return z
    .string()
    .refine(isAbsolute, 'expected an absolute path')
    .meta({ description, format: 'path', examples: [example] });
}

const sensor = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe('Name of the sensor that wrote the file. Default: the sensor of the host.');

const maxLine = sizeOption('16MiB', { min: '0.001kB', max: '256MiB' })
  .prefault('16MiB')
  .describe('Longest line whose values are not cut; longer ones keep a part of their longest values.');

/** The options of a source that reads a file or standard input to its end. For `z.strictObject`. */
export const readShape = {
  file: z
    .string()
    .refine(
      (file) => file === '-' || isAbsolute(file),
      'expected an absolute path, or "-" for standard input',
    )
    .describe('Absolute path of the file, or "-" for standard input.'),
  sensor,
  maxLine,
};

/** The options of a source that follows a file, beside `file`. For `z.strictObject`. */
export const followShape = {
  sensor,
  maxLine,
  rotatedTo: absolutePath(
    'Folder to which a rotation moves earlier parts (olddir of logrotate). Default: beside the file, and folders such as old and archive near it.',
    '/srv/logs/old',
  ).optional(),
  poll: durationOption('250ms', { min: '1ms', max: '1m' })
    .prefault('250ms')
    .describe('How often to check the file.'),
  start: z
    .enum(['beginning', 'end'])
    .default('beginning')
    .describe('Where to start on the first run, when the file already exists.'),
};
