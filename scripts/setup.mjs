// Makes a fresh checkout ready: installs packages when the lock file is newer than they are, compiles when a source is newer
// than dist/, or all of it anew with --fresh (a package that is published has nothing in it that was there before). Plain JavaScript
// without imports of src/, because it must run before anything is installed. Speaks on stderr only.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeTooOld } from '../bin/node-version.js';

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const mtime = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);
// Under `npm install -g .` npm's own settings say "global", also to the npm that is started here.
const { npm_config_global, npm_config_prefix, npm_config_location, ...env } = process.env;
const run = (file, args) => execFileSync(file, args, { cwd: top, stdio: ['ignore', 2, 2], env });

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(join(top, folder), { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith('.ts'))
      latest = Math.max(latest, mtime(join(entry.parentPath, entry.name)));
  }
  return latest;
}

/** What was compiled from a source that is gone would hide that something still asks for it. */
function removeOrphans() {
  const dist = join(top, 'dist');
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const source = join(top, relative(dist, file)).replace(/(\.d)?\.[jt]s(\.map)?$/, '.ts');
    if (entry.isFile() && source.endsWith('.ts') && !existsSync(source)) rmSync(file);
  }
}

const tooOld = nodeTooOld(process.versions.node);
if (tooOld) {
  console.error(tooOld);
  process.exit(4);
}

const lock = join(top, 'package-lock.json');
/** npm's own record of what it installed. */
const installed = join(top, 'node_modules', '.package-lock.json');
const compiler = join(top, 'node_modules', 'typescript', 'bin', 'tsc');
const compiled = join(top, 'dist', '.compiled');
const program = join(top, 'dist', 'program');
/** The compiler of wasm/, and where what it makes becomes a part of the sources: formats read no files. */
const wasmCompiler = join(top, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
const wasmCode = join(top, 'src', 'formats', 'codecs', 'wasm-code.ts');
/** Numbers that it shares with src/. */
const WASM_SHARES = ['src/formats/codecs/xz/lzma-model.ts', 'src/formats/codecs/bzip2/layout.ts'];
const WASM_OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort='];

function compileWasm() {
  const made = join(top, 'dist', 'codecs.wasm');
  mkdirSync(dirname(made), { recursive: true });
  run(process.execPath, [wasmCompiler, 'wasm/index.ts', '-o', relative(top, made), ...WASM_OPTIONS]);
  const code = readFileSync(made).toString('base64');
  writeFileSync(
    wasmCode,
    `// Made from wasm/ by scripts/setup.mjs.\n/** WebAssembly, base64. */\nexport const CODE =\n  '${code}';\n`,
  );
}

/**
 * What `osx-iso` and its threads run: a few modules instead of some 400, whose loading was most of the time of a short command.
 * The library that others import stays as it was compiled.
 */
async function bundleProgram() {
  const { rolldown } = await import('rolldown');
  const from = (path) => join(top, 'dist', 'src', path);
  const bundle = await rolldown({
    input: {
      main: from('cli/main.js'),
      worker: from('image/writer/worker.js'),
      'digest-worker': from('image/digest-worker.js'),
    },
    platform: 'node',
    // Packages stay where npm put them.
    external: /^[^./]/,
    logLevel: 'warn',
    checks: { ineffectiveDynamicImport: false },
  });
  rmSync(program, { recursive: true, force: true });
  // All in one folder: a thread's module is looked for beside the one that starts it.
  await bundle.write({ dir: program, format: 'esm', chunkFileNames: '[name]-[hash].js' });
}

const began = new Date();
try {
  if (mtime(installed) < mtime(lock)) {
    console.error('Installing packages (once)…');
    run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts']);
  }
  if (process.argv.includes('--fresh')) rmSync(join(top, 'dist'), { recursive: true, force: true });
  const codecs = Math.max(newest('wasm'), ...WASM_SHARES.map((file) => mtime(join(top, file))));
  if (mtime(wasmCode) < codecs && existsSync(wasmCompiler)) compileWasm();
  const sources = Math.max(
    newest('src'),
    newest('pipelines'),
    newest('scripts'),
    newest('examples'),
    mtime(join(top, 'tsconfig.json')),
  );
  // Without the development packages (npm ci --omit=dev) what is compiled already has to do.
  if (mtime(compiled) < sources && existsSync(compiler)) {
    console.error('Compiling…');
    run(process.execPath, [compiler, '-p', 'tsconfig.json']);
    removeOrphans();
    await bundleProgram();
    // Completions and the man page.
    run(process.execPath, ['dist/scripts/shell/index.js']);
    writeFileSync(compiled, '');
  }
  // What changes from now on is newer.
  if (existsSync(compiled)) utimesSync(compiled, began, began);
} catch (error) {
  console.error(`Setting up failed: ${error.message}`);
  process.exit(1);
}
