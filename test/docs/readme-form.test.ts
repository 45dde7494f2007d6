import { existsSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { type Document, documents } from '../support/documents/document.ts';
import { installedBy } from '../support/documents/install.ts';
import { published, root, type WorkspacePackage } from '../support/workspace.ts';

/** The sections of a README, in order, after its title and the sentence that describes the package. */
const headings: Readonly<Record<WorkspacePackage['role'], readonly RegExp[]>> = {
  app: [
    /^Install$/,
    /^First steps$/,
    /^Commands$/,
    /^Configuration$/,
    /^Data it writes or sends, and where$/,
  ],
  bundled: [],
  core: [/^Install$/, /^Smallest example$/],
  creator: [/^Install$/, /^Smallest example$/],
  demo: [],
  host: [/^Install$/, /^Smallest example$/, /^Data it writes or sends, and where$/],
  library: [/^Install$/, /^Smallest example$/],
  plugin: [
    /^Install$/,
    /^Smallest example$/,
    /^Options$/,
    /^Incidents read and reported$/,
    /^Data it writes(?: or sends)?, and where$/,
  ],
};

function documentAt(path: string): Document | undefined {
  return documents.find((document) => document.path === path);
}

/** The names in the first column of the tables below a heading. */
function rowsBelow(document: Document, heading: string): readonly string[] {
  const section = document.prose.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| *`([^`]+)`/gm)].map(([, name]) => name ?? '');
}

describe.each(published)('the README of $json.name', ({ folder, json, role }) => {
  const readme = documentAt(`${folder}/README.md`);

  it('describes the package in one sentence', () => {
    const [title, blank, sentence] = readme?.text.split('\n') ?? [];
    expect([title, blank]).toEqual([`# ${json.name}`, '']);
    expect(sentence).toMatch(/^[A-Z].{20,}[.]$/);
  });

  it('has the sections of every README of its kind, in the same order', () => {
    const wanted = json.ihandler === undefined && role === 'plugin' ? headings.library : headings[role];
    const found = readme?.headings
      .filter((heading) => /^## /.test(heading))
      .map((heading) => heading.slice(3));
    const ofTheKind = (found ?? []).filter((heading) => wanted.some((pattern) => pattern.test(heading)));
    expect(ofTheKind.map((heading) => wanted.findIndex((pattern) => pattern.test(heading)))).toEqual(
      wanted.map((_, index) => index),
    );
  });

  it('shows how to install the package', () => {
    const lines = readme?.blocks.filter(({ heading }) => heading === 'Install').map(({ code }) => code) ?? [];
    const installed = lines.flatMap((code) => code.split('\n').flatMap((line) => installedBy(line) ?? []));
    expect(installed).toContain(json.name);
  });

  it('lists every option of the manifest', () => {
    if (json.ihandler === undefined || readme === undefined) return;
    const { handlers, sources, journals } = manifestSchema.parse(json.ihandler);
    const offers = [handlers, sources, journals].flatMap((kind) => Object.values(kind));
    const options = offers.flatMap(({ options }) => Object.keys(Object(options?.['properties'])));
    const listed = rowsBelow(readme, 'Options');
    expect([...new Set(options)].filter((option) => !listed.includes(option))).toEqual([]);
  });
});

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  const words = heading.replace(/^#+ /, '').toLowerCase();
  return words.replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
}

it('the README of the project links to every package', () => {
  const readme = documentAt('README.md')?.prose ?? '';
  const rows = published.map(({ folder, json }) => `| [\`${json.name}\`](${folder}) |`);
  expect(rows.filter((row) => !readme.includes(row))).toEqual([]);
});

it('links in documents have existing targets', () => {
  const broken = documents.flatMap(({ path, prose }) =>
    [...prose.replaceAll(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link ?? '')
      .filter((link) => !/^(?:https?|mailto):/.test(link))
      .filter((link) => {
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? path : posix.join(dirname(path), file);
        if (anchor === undefined) return !existsSync(join(root, target));
        return !documentAt(target)?.headings.some((heading) => anchorOf(heading) === anchor);
      })
      .map((link) => `${path}: ${link}`),
  );
  expect(broken).toEqual([]);
});
