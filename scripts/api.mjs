// Makes the pages of the library's interface from its docstrings: npm run api. They go into the package (dist/docs), not into git: what
// is made with every package is never old. TypeScript's programming interface is the one that ts-json-schema-generator brings.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const own = createRequire(import.meta.url);
const ts = createRequire(own.resolve('ts-json-schema-generator'))('typescript');
const top = dirname(dirname(fileURLToPath(import.meta.url)));

const PAGES = { 'api.md': ['osx-iso', 'src/index.ts'], 'formats.md': ['osx-iso/formats', 'src/formats/index.ts'] };

const { config } = ts.readConfigFile(join(top, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, top);
const program = ts.createProgram(
  Object.values(PAGES).map(([, path]) => join(top, path)),
  options,
);
const checker = program.getTypeChecker();

/** A declaration as somebody who uses it wants to see it: without bodies, and without what is private. */
function shown(node) {
  const text = node.getText();
  if (node.body) return `${text.slice(0, node.body.getStart() - node.getStart()).trimEnd()};`;
  if (ts.isVariableDeclaration(node))
    return `const ${node.name.getText()}: ${checker.typeToString(checker.getTypeAtLocation(node))};`;
  if (!ts.isClassDeclaration(node)) return text;
  const head = text.slice(0, text.indexOf('{') + 1);
  const members = node.members.filter(
    (member) =>
      member.name !== undefined &&
      !ts.isPrivateIdentifier(member.name) &&
      !(ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private),
  );
  return [head, ...members.map((member) => `  ${docOf(member)}${withoutBody(member)}`), '}'].join('\n');
}

const withoutBody = (member) =>
  member.body
    ? `${member
        .getText()
        .slice(0, member.body.getStart() - member.getStart())
        .trimEnd()};`
    : member.getText();

/** The comment above a member, as it stands. */
function docOf(member) {
  const [doc] = member.jsDoc ?? [];
  return doc ? `${doc.getText()}\n  ` : '';
}

function entry(symbol) {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const doc = ts.displayPartsToString(target.getDocumentationComment(checker));
  const code = (target.declarations ?? []).map((node) => shown(node).replace(/^export (declare )?(async )?/, ''));
  return [`## ${symbol.name}`, '', ...(doc === '' ? [] : [doc, '']), '```ts', code.join('\n'), '```', ''].join('\n');
}

for (const [name, [imported, path]] of Object.entries(PAGES)) {
  const source = program.getSourceFile(join(top, path));
  const [first] = ts.getLeadingCommentRanges(source.text, 0) ?? [];
  const intro = source.text
    .slice(first.pos, first.end)
    .replace(/^\/\*\*|\s*\*\/$|^ \* ?/gm, '')
    .trim();
  const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(source));
  const sorted = [...symbols].sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
  const page = [`# ${imported}`, '', intro, '', ...sorted.map(entry)].join('\n');
  const file = join(top, 'dist', 'docs', name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, page);
}
