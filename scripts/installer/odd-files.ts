import { fromBytes } from '../../src/formats/bytes.js';
import type { Path } from '../../src/formats/entry.js';
import { compressed } from './compressed.js';
import type { Contents } from './content.js';
import type { EntryList } from './entries.js';

const HOME: Path = ['usr', 'share', 'odd'];
const INVISIBLE = 0x4000;
/** Larger than the 3802 bytes that fit inline, so that it gets a fork. */
const LARGE_ATTRIBUTE = 20_000;
const PIECES = 40;
const BLOCK = 4096;

/** What makes copying hard: every kind of entry that real volumes have and that a careless copy would lose or spoil. */
export async function addOddFiles(
  list: EntryList,
  contents: Contents,
  options: { readonly compressed: boolean },
): Promise<void> {
  addNames(list);
  addAttributes(list, contents);
  addLinks(list, contents);
  addForks(list, contents);
  if (options.compressed) await addCompressed(list, contents);
}

/** Names as HFS+ stores them: decomposed, `/` for what POSIX shows as `:`. */
function addNames(list: EntryList): void {
  const names = [
    'Re\u0301sume\u0301 d\u2019e\u0301te\u0301.txt',
    'U\u0308berma\u00dfig.txt',
    '\u65e5\u672c\u8a9e\u3000\u30d5\u30a1\u30a4\u30eb.txt',
    'Pr\u030ci\u0301lis\u030c z\u030clut\u030couc\u030cky\u0301 ku\u030an\u030c.txt',
    '\u0395\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03b1\u0301.txt',
    '\u1112\u1161\u11ab\u1100\u1173\u11af.txt',
    '\u{1f600} \u{1f40b}.txt',
    'Icon\r',
    'on/off 12/31.txt',
    ' space before and after ',
    'quote\'s "double" $HOME `x` \\ back.txt',
    '-rf',
    '..dots..',
    'zero\u200dwidth.txt',
    '\u0416\u0443\u0440\u043d\u0430\u043b.txt',
    `${'x'.repeat(251)}.txt`,
    '\u6f22'.repeat(80),
  ];
  for (const name of names) list.text([...HOME, 'names', name], `${name.length} UTF-16 units\n`);
  let deep: string[] = [...HOME, 'deep'];
  for (let i = 0; i < 24; i++) deep = [...deep, `level ${i}`];
  list.text([...deep, 'bottom'], 'the deepest file\n');
  list.folder([...HOME, 'empty folder']);
  for (const name of ['empty', '.empty', 'empty too']) list.text([...HOME, name], '');
}

function addAttributes(list: EntryList, contents: Contents): void {
  const small = { name: 'org.osx-iso.note', value: fromBytes(Buffer.from('a short note'), 'note') };
  const large = { name: 'org.osx-iso.large', value: contents.file('large attribute', LARGE_ATTRIBUTE, 'code') };
  const edge = { name: 'org.osx-iso.edge', value: contents.file('edge attribute', 3802, 'noise') };
  const none = { name: 'org.osx-iso.empty', value: fromBytes(new Uint8Array(0), 'empty') };
  const named = { name: 'org.osx-iso.e\u0301te\u0301', value: fromBytes(Buffer.from([1, 2, 3]), 'named') };
  const acl = { name: 'com.apple.system.Security', value: fromBytes(denyDelete(), 'ACL') };
  const here = [...HOME, 'attributes'];
  list.folder(here, { xattrs: [small] });
  list.text([...here, 'inline'], 'one small attribute\n', { xattrs: [small] });
  list.text([...here, 'fork'], 'one large attribute\n', { xattrs: [large] });
  list.text([...here, 'many'], 'five attributes\n', { xattrs: [edge, none, large, small, named] });
  list.text([...here, 'acl'], 'everyone is denied to delete this\n', { xattrs: [acl] });
  list.folder([...here, 'acl folder'], { xattrs: [acl, small] });
  list.symlink([...here, 'link'], 'inline', { xattrs: [small] });
  list.text([...here, 'locked'], 'locked\n', { locked: true });
  const finderInfo = Buffer.alloc(32);
  finderInfo.write('TEXTttxt', 'latin1');
  finderInfo.writeUInt16BE(INVISIBLE, 8);
  list.text([...here, 'typed and invisible'], 'Finder info\n', { finderInfo });
  list.text([...here, 'mine'], 'not root\u2019s\n', { uid: 501, gid: 20, mode: 0o640 });
  list.text([...here, 'setuid'], 'setuid\n', { mode: 0o4755 });
  list.folder([...here, 'sticky'], { mode: 0o1777 });
  list.pipe([...here, 'pipe']);
}

/** An access control list with one entry, deny everyone to delete: kauth_filesec of xnu's bsd/sys/kauth.h, big-endian. */
export function denyDelete(): Uint8Array {
  const bytes = Buffer.alloc(68);
  bytes.writeUInt32BE(0x012cc16d, 0); // magic
  // 4: owner GUID, 20: group GUID: none
  bytes.writeUInt32BE(1, 36); // entries
  bytes.writeUInt32BE(0, 40); // flags
  Buffer.from('abcdefabcdefabcdefabcdef0000000c', 'hex').copy(bytes, 44); // everyone
  bytes.writeUInt32BE(2, 60); // deny
  bytes.writeUInt32BE(0x10, 64); // delete
  return bytes;
}

function addLinks(list: EntryList, contents: Contents): void {
  const here = [...HOME, 'links'];
  const note = { name: 'org.osx-iso.note', value: fromBytes(Buffer.from('on the file, not on a name'), 'note') };
  list.file([...here, 'first'], contents.file('linked', 9_000, 'text'), { link: 1, xattrs: [note] });
  list.hardLink([...here, 'second'], [...here, 'first']);
  list.hardLink(['usr', 'share', 'third of them'], [...here, 'first']);
  list.text([...here, 'empty a'], '', { link: 2 });
  list.hardLink([...here, 'empty b'], [...here, 'empty a']);
  list.symlink([...here, 'absolute'], '/usr/share/odd');
  list.symlink([...here, 'dangling'], '../nowhere/at all');
  list.symlink([...here, 'to e\u0301'], '../names/Re\u0301sume\u0301 d\u2019e\u0301te\u0301.txt');
}

function addForks(list: EntryList, contents: Contents): void {
  const here = [...HOME, 'forks'];
  const broken = PIECES * BLOCK;
  list.file([...here, 'fragmented'], contents.file('fragmented', broken - 100, 'code'), { pieces: 1 });
  list.file([...here, 'fragmented twice'], contents.file('fragmented twice', broken + 100, 'text'), { pieces: 3 });
  const resource = contents.file('resource fork', 5_000, 'code');
  list.text([...here, 'both forks'], 'and a resource fork\n', { resource });
  list.text([...here, 'resource only'], '', { resource: contents.file('resource only', 70_000, 'text') });
}

async function addCompressed(list: EntryList, contents: Contents): Promise<void> {
  const here = [...HOME, 'compressed'];
  const make = async (name: string, type: Parameters<typeof compressed>[1], plain: Uint8Array) =>
    list.file([...here, name], fromBytes(new Uint8Array(0), name), {
      ...compressed(plain, type, name),
      plain: fromBytes(plain, name),
    });
  const some = (name: string, size: number, texture: 'text' | 'code' | 'noise') =>
    contents.file(`compressed ${name}`, size, texture).read(0, size);
  await make('type 3', 3, await some('3', 6_000, 'text'));
  await make('type 3 stored', 3, await some('3s', 900, 'noise'));
  await make('type 4', 4, await some('4', 200_000, 'code'));
  await make('type 4 stored', 4, await some('4s', 70_000, 'noise'));
  await make('type 4 one block', 4, await some('4o', 65_536, 'text'));
  await make('type 7', 7, await some('7', 1_200, 'text'));
  await make('type 8', 8, await some('8', 150_000, 'code'));
  await make('type 8 stored', 8, await some('8s', 70_000, 'noise'));
}
