import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsIn, importsOf, modulesIn, top, withoutComments } from './helpers/imports.js';

/** What a layer may import besides itself, node: and src/errors.ts. A prefix ending in "/" is a folder. */
interface Layer {
  readonly values: readonly string[];
  readonly types?: readonly string[];
}

/** What is known about releases and how an installer says which it is: leaves that several layers read. */
const RELEASES = ['src/releases.ts', 'src/known/system-version.ts'];

/** The table of the design. The longest prefix that fits a module is its layer. */
const LAYERS: Readonly<Record<string, Layer>> = {
  'src/host/': { values: ['src/formats/bytes.ts', 'src/formats/file-handle.ts', 'src/formats/whole.ts'] },
  // Of what is known of loaders only how it is known.
  'src/plist/': { values: [], types: ['src/known/loaders.ts'] },
  'src/formats/': { values: ['src/plist/plist.ts'] },
  'src/image/': {
    values: ['src/formats/', 'src/host/', 'src/known/loaders.ts', 'src/plist/plist.ts'],
    types: ['src/core/'],
  },
  // Of the host the core knows what its errors mean, and which process holds what.
  'src/core/': {
    values: ['src/host/', 'src/formats/whole.ts'],
    types: ['src/image/types.ts', 'src/formats/bytes.ts', 'src/formats/entry.ts'],
  },
  'src/releases.ts': { values: ['src/formats/', 'src/plist/'] },
  'src/known/': { values: ['src/releases.ts'] },
  // How a volume says which system it holds.
  'src/known/system-version.ts': { values: ['src/formats/', 'src/plist/', 'src/releases.ts'] },
  'src/remote/': {
    values: ['src/formats/', 'src/host/', 'src/known/', 'src/plist/plist.ts', 'src/version.ts', ...RELEASES],
  },
  'src/source/': {
    values: ['src/formats/', 'src/plist/', 'src/host/', 'src/known/', 'src/remote/', ...RELEASES],
    types: ['src/image/types.ts'],
  },
  'src/verify/': {
    values: [
      'src/formats/',
      'src/known/loaders.ts',
      'src/opencore/efi-files.ts',
      'src/opencore/version.ts',
      'src/plist/',
      ...RELEASES,
    ],
    types: ['src/image/types.ts'],
  },
  'src/steps/': {
    values: ['src/core/', 'src/formats/', 'src/host/', 'src/plist/', 'src/verify/', ...RELEASES],
    types: ['src/image/types.ts'],
  },
  'pipelines/': { values: ['src/core/', 'src/steps/'] },
  'src/vm-disk/': { values: ['src/formats/', 'src/host/'] },
  'src/opencore/': {
    values: [
      'src/core/',
      'src/formats/',
      'src/host/',
      'src/image/writer/',
      'src/plist/',
      'src/verify/loaders/seen-by.ts',
      ...RELEASES,
    ],
  },
  'src/launch/': {
    values: [
      'src/core/',
      'src/formats/file-kind.ts',
      'src/host/',
      'src/known/',
      'src/plist/',
      'src/version.ts',
      'src/vm-disk/',
    ],
  },
  // The keyboard that its page types on.
  'src/web/': { values: ['src/host/package-root.ts', 'src/launch/us-keyboard.ts'] },
  'src/guest-disk/': {
    values: [
      'src/core/',
      'src/formats/',
      'src/host/',
      'src/known/loaders.ts',
      'src/plist/',
      'src/vm-disk/',
      ...RELEASES,
    ],
  },
  'src/inspect/': {
    values: ['src/core/', 'src/formats/', 'src/plist/', 'src/source/', 'src/verify/', 'src/host/', ...RELEASES],
    types: ['src/image/types.ts'],
  },
  'src/preflight/': { values: ['src/host/'], types: ['src/image/types.ts'] },
  'src/iso/': {
    values: [
      'src/download/',
      'src/remote/',
      'pipelines/',
      'src/core/',
      'src/formats/',
      'src/guest-disk/',
      'src/host/',
      'src/image/',
      'src/known/',
      'src/launch/',
      'src/opencore/',
      'src/plist/',
      'src/preflight/',
      'src/source/',
      'src/verify/',
      'src/version.ts',
      ...RELEASES,
    ],
  },
  'src/boot/': {
    values: [
      'src/web/',
      'src/core/',
      'src/formats/',
      'src/known/',
      'src/launch/',
      'src/opencore/',
      'src/source/open-iso.ts',
      'src/verify/',
      'src/host/',
      ...RELEASES,
    ],
    types: ['src/iso/manifest.ts'],
  },
  'src/guest-folder/': {
    values: [
      'src/boot/',
      'src/core/',
      'src/formats/',
      'src/guest-disk/',
      'src/host/',
      'src/known/loaders.ts',
      'src/launch/',
      'src/plist/',
      'src/verify/kernel.ts',
      'src/vm-disk/',
      ...RELEASES,
    ],
  },
  'src/cli/': { values: ['src/index.ts', 'src/version.ts', 'src/host/faults.ts'], types: ['src/core/events.ts'] },
  'src/clean/': { values: ['src/core/', 'src/host/', 'src/image/hdiutil/'] },
  'src/download/': {
    values: [
      'src/core/',
      'src/formats/',
      'src/host/',
      'src/image/digest.ts',
      'src/known/',
      'src/remote/',
      'src/source/unwrap.ts',
    ],
  },
  // index.ts, which exports what the rooms have.
  'src/': {
    values: [
      'src/opencore/',
      'src/boot/',
      'src/iso/',
      'src/clean/',
      'src/core/',
      'src/download/',
      'src/formats/',
      'src/guest-disk/',
      'src/guest-folder/',
      'src/host/',
      'src/image/',
      'src/inspect/',
      'src/launch/',
      'src/known/',
      'src/plist/',
      'src/remote/',
      'src/source/',
      'src/verify/',
      ...RELEASES,
    ],
  },
  // Everything: they are for maintainers.
  'scripts/': { values: ['src/', 'pipelines/', 'scripts/'] },
};

/** Who may import a package. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  execa: ['src/host/act.ts'],
  zx: ['src/host/ask.ts', 'scripts/'],
  listr2: ['src/cli/view/live.ts'],
  commander: [
    'src/cli/main.ts',
    'src/cli/help.ts',
    'src/cli/commands/',
    'src/cli/parse.ts',
    'src/cli/view/terminal.ts',
    'scripts/',
  ],
  plist: ['src/plist/plist.ts'],
  undici: ['src/remote/client.ts', 'src/remote/connect.ts', 'src/remote/exchange.ts'],
  yauzl: ['src/opencore/zip.ts'],
  ws: ['src/web/'],
  // Never loaded here: its files go to browsers.
  '@novnc/novnc': ['src/web/assets.ts'],
  '@xmldom/xmldom': ['src/plist/plist.ts', 'src/formats/xar/'],
};

const modules = modulesIn('src', 'pipelines', 'scripts');
const imports = modules.flatMap(importsOf);
const fits = (path: string, allowed: readonly string[]) =>
  allowed.some((prefix) => (prefix.endsWith('/') ? path.startsWith(prefix) : path === prefix));
const isOurs = (path: string) => path.endsWith('.ts') && path.includes('/');

function layerOf(module: string): string {
  const names = Object.keys(LAYERS).filter((prefix) => fits(module, [prefix]));
  return names.sort((a, b) => b.length - a.length)[0] ?? '';
}

describe('the layers', () => {
  it('are seen: the reader of imports finds every kind of them', () => {
    const source = `
      import a from 'execa'; // import b from 'zx'
      import type { C } from '../errors.js';
      import { type D, e } from './scope.js';
      export * from "../formats/bytes.js";
      export type { F } from '../image/types.js';
      import '@xmldom/xmldom/lib/dom.js';
      import {
        g,
      } from './names.js';
      const text = "import h from 'commander'";
      const i = await import('listr2');
      /* import j from 'plist' */
      export const k = 'not an import';
      const l = import.meta.resolve('ws');
    `;
    expect(
      importsIn('src/core/run.ts', source).map(
        ({ to, typeOnly, dynamic }) => `${to}${typeOnly ? ' T' : ''}${dynamic ? ' D' : ''}`,
      ),
    ).toEqual([
      'execa',
      'src/errors.ts T',
      'src/core/scope.ts',
      '@xmldom/xmldom',
      'src/core/names.ts',
      'src/formats/bytes.ts',
      'src/image/types.ts T',
      'listr2 D',
      'ws D',
    ]);
    expect(modules).toContain('src/core/run.ts');
    expect(imports.length).toBeGreaterThan(100);
  });

  it('import only what the table allows', () => {
    const broken = imports.filter(({ from, to, typeOnly }) => {
      if (!isOurs(to) || to === 'src/errors.ts') return false;
      const layer = layerOf(from);
      const { values, types = [] } = LAYERS[layer] ?? { values: [] };
      if (layerOf(to) === layer) return false;
      return !fits(to, values) && !(typeOnly && fits(to, types));
    });
    expect(broken.map(({ from, to, typeOnly }) => `${from} imports ${typeOnly ? 'types of ' : ''}${to}`)).toEqual([]);
  });

  it('import each other in no circle, not even for types', () => {
    const next = new Map<string, Set<string>>();
    for (const { from, to, dynamic } of imports) {
      // A command's work is loaded by what knows only its name.
      if (isOurs(to) && !dynamic) (next.get(from) ?? next.set(from, new Set()).get(from)!).add(to);
    }
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (module: string, way: readonly string[]) => {
      const at = way.indexOf(module);
      if (at >= 0) circles.push([...way.slice(at), module].join(' -> '));
      if (at >= 0 || done.has(module)) return;
      for (const to of next.get(module) ?? []) visit(to, [...way, module]);
      done.add(module);
    };
    for (const module of modules) visit(module, []);
    expect(circles).toEqual([]);
  });

  it('import a package only where it belongs', () => {
    const broken = imports.filter(
      ({ from, to }) => !isOurs(to) && !to.startsWith('node:') && !fits(from, PACKAGES[to] ?? []),
    );
    expect(broken.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('print, colour and exit only at the edge', () => {
    const edge = modules.filter((module) => module.startsWith('src/') && !module.startsWith('src/cli/'));
    const broken = edge.filter((module) =>
      /\bconsole\.|\bprocess\.(exit\b|stdout|stderr)/.test(withoutComments(readFileSync(join(top, module), 'utf8'))),
    );
    expect(broken).toEqual([]);
  });

  it('have formats that know neither host nor network', () => {
    const formats = imports.filter(({ from }) => from.startsWith('src/formats/') || from.startsWith('src/plist/'));
    const broken = formats.filter(({ to }) =>
      /^node:(fs|net|http|https|http2|tls|dns|dgram|child_process|os)\b/.test(to),
    );
    expect(broken.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('load little before a command is known: neither drawing nor engines', () => {
    const seen = new Set<string>();
    const packages = new Set<string>();
    const visit = (module: string) => {
      if (seen.has(module)) return;
      seen.add(module);
      for (const { to, typeOnly, dynamic } of importsOf(module)) {
        if (typeOnly || dynamic) continue;
        if (isOurs(to)) visit(to);
        else if (!to.startsWith('node:')) packages.add(to);
      }
    };
    visit('src/cli/main.ts');
    expect([...packages]).toEqual(['commander']);
    expect([...seen].filter((module) => !module.startsWith('src/cli/'))).toEqual([
      'src/version.ts',
      'src/host/package-root.ts',
      'src/errors.ts',
      'src/host/faults.ts',
      'src/host/plain-path.ts',
    ]);
  });
});

describe('the package', () => {
  const read = (name: string) => readFileSync(join(top, name), 'utf8');
  const own = JSON.parse(read('package.json')) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
  const lock = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { version?: string; optionalDependencies?: Record<string, string> }>;
  };

  it('has an entry in the lock file for every optional dependency: without one `npm ci` fails elsewhere', () => {
    const missing: string[] = [];
    let count = 0;
    for (const [place, entry] of Object.entries(lock.packages)) {
      for (const name of Object.keys(entry.optionalDependencies ?? {})) {
        count++;
        // As node looks for it: beside, then further and further up.
        const parts = place === '' ? [] : place.split('/node_modules/');
        const places = parts.map(
          (_, i) => `${parts.slice(0, parts.length - i).join('/node_modules/')}/node_modules/${name}`,
        );
        if (![...places, `node_modules/${name}`].some((path) => lock.packages[path])) missing.push(`${place}: ${name}`);
      }
    }
    expect(missing).toEqual([]);
    expect(count).toBeGreaterThan(5);
  });

  it('names no registry', () => {
    expect(read('package-lock.json')).not.toContain('"resolved"');
  });

  it('pins every version, and the lock file has them', () => {
    for (const [name, version] of Object.entries({ ...own.dependencies, ...own.devDependencies })) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
      expect(lock.packages[`node_modules/${name}`]?.version).toBe(version);
    }
  });

  it('has every package that is imported, and imports every one it has', () => {
    const used = new Set(imports.map(({ to }) => to).filter((to) => !isOurs(to) && !to.startsWith('node:')));
    expect([...used].sort()).toEqual(Object.keys(own.dependencies).sort());
  });
});
