// Makes the schemas of what --json prints and of manifests from the TypeScript types: npm run schemas. With --check it only says whether
// they are as they would be made. guest.schema.json is made elsewhere, of what reads that file.
// Its generator brings a TypeScript of its own: the one that compiles us has no programming interface.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

const top = dirname(dirname(fileURLToPath(import.meta.url)));

/** What each file is of, and the types that it is made of. */
const SCHEMAS = {
  events: {
    title: 'osx-iso --json: an event',
    description: 'A line on stdout while a command is at work. Each has "type" and "schema"; not with --quiet.',
    path: 'src/cli/lines/index.ts',
    type: 'PrintedEvent',
  },
  results: {
    title: 'osx-iso --json: a result',
    description: 'The last line on stdout, and the only one with --quiet. Each has "type" and "schema".',
    path: 'src/cli/lines/index.ts',
    type: 'PrintedResult',
  },
  manifest: {
    title: 'X.iso.json',
    description: 'What lies beside an ISO: what was made, from what, and what it needs to boot.',
    path: 'src/iso/manifest.ts',
    type: 'Manifest',
  },
};

/** Made on use, once: it reads all that the types are made of. */
let generator;

/** The text of a schema, as it lies in the package. */
export function schemaText(name) {
  const { title, description, type } = SCHEMAS[name];
  generator ??= createGenerator({
    path: join(top, `{${Object.values(SCHEMAS).map(({ path }) => path)}}`),
    tsconfig: join(top, 'tsconfig.json'),
    // The compiler checks types already.
    skipTypeCheck: true,
    // Only what the type itself is made of: no name of ours becomes a promise.
    expose: 'none',
    topRef: false,
  });
  const { $schema, ...rest } = generator.createSchema(type);
  return `${JSON.stringify({ $schema, title, ...rest, description }, null, 2)}\n`;
}

export const SCHEMA_NAMES = Object.keys(SCHEMAS);

/** Where a schema lies. */
export const schemaFile = (name) => join(top, 'schemas', `${name}.schema.json`);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stale = SCHEMA_NAMES.filter((name) => {
    const text = schemaText(name);
    const file = schemaFile(name);
    if (existsSync(file) && readFileSync(file, 'utf8') === text) return false;
    if (process.argv.includes('--check')) return true;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.error(`Made ${file}`);
    return false;
  });
  if (stale.length > 0) {
    console.error(`Not as the types have them: ${stale.join(', ')}. npm run schemas makes them anew.`);
    process.exit(1);
  }
}
