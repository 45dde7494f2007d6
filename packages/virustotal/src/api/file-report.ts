import { z } from 'zod';
import { hashOf } from '../backlog/put-sample.ts';
import type { Scan, Verdict } from './verdict.ts';

const maybeText = z.string().nullish().catch(undefined);
const maybeSeconds = z.number().nonnegative().max(1e11).nullish().catch(undefined);

// Lenient: reads only the fields in use, and treats an unexpected value as missing.
const reportSchema = z.object({
  data: z.object({
    id: z.string(),
    attributes: z.object({
      sha256: maybeText,
      md5: maybeText,
      type_description: maybeText,
      names: z.array(z.string()).nullish().catch(undefined),
      first_submission_date: maybeSeconds,
      last_analysis_date: maybeSeconds,
      last_analysis_stats: z.record(z.string(), z.int()).nullish().catch(undefined),
      last_analysis_results: z
        .record(
          z.string(),
          z.object({
            category: maybeText,
            result: maybeText,
            engine_version: maybeText,
            engine_update: maybeText,
          }),
        )
        .nullish()
        .catch(undefined),
      popular_threat_classification: z
        .object({ suggested_threat_label: maybeText })
        .nullish()
        .catch(undefined),
    }),
  }),
});

/** The report of VirusTotal on a file; without `analysedAt` when no analysis is complete. */
export type FileFacts = Omit<Verdict, 'state' | 'askedAt'> & { readonly sha256: string };

const NAMES = 20;
const ENGINES = 200;
const LONGEST = 256;

const short = (text: string | null | undefined): string | null => (text ? text.slice(0, LONGEST) : null);

/** How many engines gave each result. The API has eight kinds. */
function statsIn(stats: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(stats)
      .slice(0, 20)
      .map(([name, count]) => [name.slice(0, 64), count]),
  );
}

/** The results that count as an opinion. */
const opinions = new Set(['malicious', 'suspicious', 'undetected', 'harmless']);

function scansOf(results: Readonly<Record<string, { category?: unknown } & Record<string, unknown>>>) {
  const scans: [string, Scan][] = [];
  for (const [engine, { category, result, engine_version, engine_update }] of Object.entries(results)) {
    if (typeof category !== 'string' || !opinions.has(category) || scans.length === ENGINES) continue;
    const detected = category === 'malicious' || category === 'suspicious';
    const text = (value: unknown): string | null => (typeof value === 'string' ? short(value) : null);
    scans.push([
      engine.slice(0, 64),
      {
        detected,
        result: detected ? (text(result) ?? category) : null,
        version: text(engine_version),
        update: text(engine_update),
      },
    ]);
  }
  // `fromEntries` defines properties, so an engine may even be named `__proto__`.
  return Object.fromEntries(scans);
}

/** Reads a file report of the v3 API. Undefined for any other response, and for the report of another file. */
export function readFileReport(body: unknown, asked: string): FileFacts | undefined {
  const parsed = reportSchema.safeParse(body);
  if (!parsed.success) return undefined;
  const { id, attributes } = parsed.data.data;
  const sha256 = hashOf(attributes.sha256 ?? id, 64) ?? hashOf(id, 64);
  const md5 = hashOf(attributes.md5, 32);
  if (sha256 === undefined || (asked.length === 64 && asked !== sha256)) return undefined;
  if (asked.length === 32 && md5 !== undefined && md5 !== asked) return undefined;
  const { last_analysis_date: analysed, last_analysis_results: results } = attributes;
  const scans = results == null || analysed == null ? undefined : scansOf(results);
  const stats = attributes.last_analysis_stats;
  const label = short(attributes.popular_threat_classification?.suggested_threat_label);
  const type = short(attributes.type_description);
  const opinionOf = (name: string): number => stats?.[name] ?? 0;
  return {
    sha256,
    ...(md5 !== undefined && { md5 }),
    permalink: `https://www.virustotal.com/gui/file/${sha256}`,
    ...(stats != null && {
      stats: statsIn(stats),
      malicious: opinionOf('malicious') + opinionOf('suspicious'),
      engines: [...opinions].reduce((sum, name) => sum + opinionOf(name), 0),
    }),
    ...(label !== null && { label }),
    ...(type !== null && { type }),
    ...(attributes.names != null && {
      names: attributes.names.slice(0, NAMES).map((name) => name.slice(0, LONGEST)),
    }),
    ...(attributes.first_submission_date != null && {
      firstSeenAt: attributes.first_submission_date * 1000,
    }),
    ...(analysed != null && scans !== undefined && { analysedAt: analysed * 1000, scans }),
  };
}
