import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** One import of one of our modules. */
export interface Import {
  /** "src/core/run.ts". */
  readonly from: string;
  /** "src/errors.ts", or a package: "execa", "node:fs". */
  readonly to: string;
  /** Gone after compiling. */
  readonly typeOnly: boolean;
  /** Loaded on use. */
  readonly dynamic: boolean;
}

const IMPORT = /^[ \t]*import\s*(?:(type\b(?!\s*(?:,|from\b)))?[\w$\s,{}*]*?\bfrom\s*)?['"]([^'"\n]+)['"]/gm;
const EXPORT = /^[ \t]*export\s*(type\b)?\s*(?:\*(?:\s+as\s+\w+)?|\{[\w$\s,]*\})\s*from\s*['"]([^'"\n]+)['"]/gm;
const ON_USE = /\b(typeof\s+)?import\(\s*['"]([^'"\n]+)['"]\s*\)/g;
/** A package whose files are looked for. */
const WHERE = /\bimport\.meta\.resolve\(\s*['"]([^'"\n]+)['"]\s*\)/g;

/** The text without comments, strings left as they are. */
export function withoutComments(text: string): string {
  return text.replace(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_, string) => string ?? ' ',
  );
}

/** All our modules below some folders. */
export function modulesIn(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(top, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => relative(top, join(entry.parentPath, entry.name)).split(sep).join('/')),
  );
}

/** Every import of a module, static ones, re-exports, types and dynamic ones. */
export function importsOf(module: string): Import[] {
  return importsIn(module, readFileSync(join(top, module), 'utf8'));
}

export function importsIn(from: string, source: string): Import[] {
  const text = withoutComments(source);
  const found: Import[] = [];
  const add = (specifier: string, typeOnly: boolean, dynamic: boolean) => {
    const isPath = specifier.startsWith('.');
    const path = isPath
      ? normalize(join(dirname(from), specifier))
          .split(sep)
          .join('/')
      : '';
    const to = isPath ? path.replace(/\.js$/, '.ts') : specifier.startsWith('node:') ? specifier : packageOf(specifier);
    found.push({ from, to, typeOnly, dynamic });
  };
  // `import { type A }` loses the name when compiled, but still loads the module: it counts as a value.
  for (const [, type, specifier] of text.matchAll(IMPORT)) add(specifier!, type !== undefined, false);
  for (const [, type, specifier] of text.matchAll(EXPORT)) add(specifier!, type !== undefined, false);
  for (const [, type, specifier] of text.matchAll(ON_USE)) add(specifier!, type !== undefined, true);
  for (const [, specifier] of text.matchAll(WHERE)) add(specifier!, false, true);
  return found;
}

function packageOf(specifier: string): string {
  const [first, second] = specifier.split('/');
  return specifier.startsWith('@') ? `${first}/${second}` : first!;
}
