import { expect, test } from 'vitest';
import type { InstalledPackage } from './find-packages.ts';
import { resolveExport } from './load-module.ts';

function having(entryPoints: InstalledPackage['entryPoints']): InstalledPackage {
  const manifest = {
    contract: 1 as const,
    handlers: {},
    sources: {},
    commands: {},
    journals: {},
    sensors: {},
  };
  return { name: 'p', version: '1.0.0', folder: '/p', foundIn: '/', manifest, entryPoints };
}

test('resolveExport uses the first matching condition, in written order', () => {
  const nested = having({
    exports: {
      '.': {
        types: './a.d.ts',
        browser: './b.js',
        node: { require: './c.cjs', import: './d.js' },
        default: './e.js',
      },
      './commands': './f.js',
      './gone': null,
    },
  });
  expect(resolveExport(nested, '.')).toBe('/p/d.js');
  expect(resolveExport(nested, '.', ['browser'])).toBe('/p/b.js');
  expect(resolveExport(nested, './commands')).toBe('/p/f.js');
  expect(resolveExport(nested, './gone')).toBeUndefined();
  expect(resolveExport(nested, './constructor')).toBeUndefined();
});

test('resolveExport resolves a single entry point, main, and index.js by default', () => {
  expect(resolveExport(having({ exports: './a.js' }), '.')).toBe('/p/a.js');
  expect(resolveExport(having({ exports: { import: './a.js' } }), '.')).toBe('/p/a.js');
  expect(resolveExport(having({ exports: { import: './a.js' } }), './commands')).toBeUndefined();
  expect(resolveExport(having({ main: 'lib/a.js' }), '.')).toBe('/p/lib/a.js');
  expect(resolveExport(having({}), '.')).toBe('/p/index.js');
  expect(resolveExport(having({}), './commands.js')).toBe('/p/commands.js');
});
