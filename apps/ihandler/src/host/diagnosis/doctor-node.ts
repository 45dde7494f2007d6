import type { Finding } from './finding.ts';

/** The oldest version that the packages are made for: `engines` in package.json. */
const OLDEST = [20, 19] as const;
/** When versions get no security fixes any more (https://github.com/nodejs/release#release-schedule). */
const ends: Readonly<Record<number, string>> = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
};

/** What is to be said about the version of Node.js, such as `20.19.0`. */
export function nodeFindings(version: string, now: number): readonly Finding[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const about = 'node';
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return [
      {
        severity: 'error',
        about,
        found: `this is Node.js ${version}, and ${OLDEST.join('.')} is needed`,
        advice: 'install the newest version that is supported for long',
      },
    ];
  const end = ends[major];
  if (end === undefined || Date.parse(end) > now) return [];
  return [
    {
      severity: 'note',
      about,
      found: `Node.js ${major} has had no security fixes since ${end}; it still works here`,
      advice: 'install the newest version that is supported for long',
    },
  ];
}
