import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { top } from '../helpers/imports.js';
import { LONG } from '../helpers/long.js';
import { smallInstaller, testFolder } from '../helpers/small-installer.js';

/** What there is beside dist/src, which is as src/ is, and beside packages of packages. */
const FOLDERS = [
  '.',
  'bin',
  'dist/completions',
  'dist/docs',
  'dist/man',
  'dist/pipelines',
  'dist/program',
  'examples',
  'schemas',
  'templates',
  'templates/opencore',
  'web',
  'web/novnc/core',
];

/** Where somebody else has installed us: nothing of the checkout is near. */
let place: string;
let installed: string;
/** What the installing said. */
let said: string;

const run = promisify(execFile);
const env = { ...process.env, npm_config_loglevel: 'warn', npm_config_update_notifier: 'false', NO_COLOR: '1' };
const npm = (args: readonly string[], cwd: string) => run('npm', [...args], { cwd, env, maxBuffer: 1 << 26 });
const osxIso = (...args: string[]) => run(join(place, 'node_modules/.bin/osx-iso'), args, { cwd: place, env });

/** A checkout as git has it, with something in dist/ that no source made; the packages are those that are here. */
function checkout(folder: string): void {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: top });
  for (const path of listed.toString().split('\0')) {
    const wanted = path !== '' && !path.startsWith('test/') && existsSync(join(top, path));
    if (wanted) cpSync(join(top, path), join(folder, path), { preserveTimestamps: true });
  }
  symlinkSync(join(top, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'dist/src/stale'), { recursive: true });
  writeFileSync(join(folder, 'dist/src/stale/code.js'), 'export {};');
  writeFileSync(join(folder, 'dist/.compiled'), '');
}

/** A registry that has our package, as if it were published; for others it sends to the one that is set up here. */
async function openRegistry(tarball: string, source: string): Promise<{ url: string; close(): void }> {
  const bytes = readFileSync(tarball);
  const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  const others = (await npm(['config', 'get', 'registry'], source)).stdout.trim().replace(/\/$/, '');
  const server = createServer(({ url }, answer) => {
    if (url === '/osx-iso.tgz') return answer.end(bytes);
    if (url !== '/osx-iso') return answer.writeHead(302, { location: others + url }).end();
    const dist = { tarball: `${here()}/osx-iso.tgz`, integrity };
    const { version } = manifest;
    return answer.end(
      JSON.stringify({
        name: 'osx-iso',
        'dist-tags': { latest: version },
        versions: { [version]: { ...manifest, dist } },
      }),
    );
  });
  const here = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: here(), close: () => server.close() };
}

describe.runIf(LONG)('the package, installed in an empty folder', () => {
  beforeAll(async () => {
    const source = join(testFolder(), 'checkout');
    checkout(source);
    const { stdout } = await npm(['pack', '--json', '--pack-destination', testFolder()], source);
    // What scripts print stands before it.
    const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [{ filename: string }];
    place = join(testFolder(), 'place');
    mkdirSync(place);
    writeFileSync(join(place, 'package.json'), '{ "name": "place", "private": true, "type": "module" }');
    const registry = await openRegistry(join(testFolder(), filename), source);
    try {
      const options = ['--no-audit', '--no-fund', '--prefer-offline', `--registry=${registry.url}`];
      const answer = await npm(['install', ...options, 'osx-iso'], place);
      said = answer.stdout + answer.stderr;
    } finally {
      registry.close();
    }
    installed = join(place, 'node_modules/osx-iso');
  });

  it('has pages about its interface, made of the docstrings', () => {
    const page = readFileSync(join(installed, 'dist/docs/formats.md'), 'utf8');
    expect(page).toMatch(/^# osx-iso\/formats\n\nApple's disk images/);
    expect(page).toContain('\nfunction fromHandle(handle: ReadableHandle, name: string): Promise<ByteSource>;\n');
    expect(readFileSync(join(installed, 'dist/docs/api.md'), 'utf8')).toContain('\n## planBuild\n');
  });

  it('is installed without a warning, and without scripts', () => {
    expect(said).toMatch(/^\s*added \d+ packages in \S+\s*$/);
    expect(existsSync(join(installed, 'scripts'))).toBe(false);
  });

  it('has in it what is in the list, compiled just now: nothing that no source makes', () => {
    const folders = (top: string) => {
      const found = new Set<string>();
      for (const entry of readdirSync(top, { recursive: true, withFileTypes: true })) {
        if (entry.isFile()) found.add(entry.parentPath.slice(top.length + 1) || '.');
      }
      return [...found].sort();
    };
    const compiled = folders(join(installed, 'dist/src'));
    expect(compiled).toEqual(folders(join(top, 'src')));
    expect(folders(installed).filter((folder) => !/^(dist\/src|node_modules)\b/.test(folder))).toEqual(FOLDERS);
  });

  it('has the packages that its code imports, and no others', () => {
    const imported = new Set<string>();
    let text = '';
    for (const entry of readdirSync(join(installed, 'dist'), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.js')) continue;
      const code = readFileSync(join(entry.parentPath, entry.name), 'utf8');
      text += code;
      const imports = /(?:\bfrom|\bimport\(?) ?["']((?:@[^/"']+\/)?[a-z][^/"':]*)[^"':]*["']/g;
      for (const [, name] of code.matchAll(imports)) imported.add(name!);
    }
    const own = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    const dependencies = Object.keys(own.dependencies as Record<string, string>);
    expect([...imported].filter((name) => !dependencies.includes(name))).toEqual([]);
    // Some are read as files.
    expect(dependencies.filter((name) => !text.includes(`'${name}`) && !text.includes(`"${name}`))).toEqual([]);
  });

  it('runs: version, a plist, a build and its proof', async () => {
    const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
    const { stdout: said } = await run('npx', ['--no', 'osx-iso', '--', '--version'], { cwd: place, env });
    expect(said).toBe(`${version}\n`);
    expect((await osxIso('plist', '--set', 'Timeout=3')).stdout).toContain('<key>Timeout</key>');
    const { stdout, stderr } = await osxIso('build', await smallInstaller(), '-o', 'a.iso', '--quiet');
    expect(stderr).toBe('');
    expect(stdout).toContain('a.iso');
    expect((await osxIso('verify', 'a.iso')).stdout).toContain('ok');
  });

  it('is a library with types: a program that uses it compiles, strictly, and runs', async () => {
    mkdirSync(join(place, 'node_modules/@types'), { recursive: true });
    const types = join(place, 'node_modules/@types/node');
    if (!existsSync(types)) symlinkSync(join(top, 'node_modules/@types/node'), types);
    const consumer = [
      `import { build, type Manifest, UserError, version } from 'osx-iso';`,
      `import { fromBytes, openDisk, FormatError } from 'osx-iso/formats';`,
      `const run = build({ app: '/nowhere.app' });`,
      `const made: Manifest | undefined = await run.result.then(({ manifest }) => manifest, () => undefined);`,
      `const disk = await openDisk(fromBytes(new Uint8Array(4096), 'zeros'));`,
      `console.log(version, made, disk.map.scheme, new FormatError({ file: '', structure: '', offset: 0, expected: '', found: '' }) instanceof UserError);`,
    ];
    writeFileSync(join(place, 'consumer.ts'), consumer.join('\n'));
    const tsc = join(top, 'node_modules/typescript/bin/tsc');
    const options = [
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--types',
      'node',
      '--exactOptionalPropertyTypes',
    ];
    await run(process.execPath, [tsc, ...options, 'consumer.ts'], { cwd: place }).catch(({ stdout }) => {
      throw new Error(stdout);
    });
    const { stdout } = await run(process.execPath, ['consumer.js'], { cwd: place });
    expect(stdout).toMatch(/^\S+ undefined none true\n$/);
  });

  it('exports nothing but what it says', async () => {
    const ask = `await import('osx-iso/dist/src/iso/build.js').then(() => console.log('open'), ({ code }) => console.log(code))`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', ask], { cwd: place });
    expect(stdout).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n');
    expect(dirname(installed)).toBe(join(place, 'node_modules'));
  });
});
