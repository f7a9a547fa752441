import { CatalogFlag } from '../catalog-record.js';
import { Cnid } from '../header.js';
import type { CatalogCheck } from './catalog-check.js';
import { XattrBit } from './context.js';

/** After the last record of the catalog: threads, counts, parents, blessing, attributes nobody has. */
export function checkHierarchy(catalog: CatalogCheck): void {
  const { context, cnids } = catalog;
  const { findings, header } = context;
  for (let row = 0; row < cnids.length; row++) checkRow(catalog, row);
  for (const cnid of catalog.threads.keys()) {
    if (!catalog.rows.has(cnid)) findings.error('catalog', `thread of CNID ${cnid}`, 'a record with this CNID', 'none');
  }
  for (const parent of catalog.children.keys()) {
    const row = catalog.rows.get(parent);
    if (parent !== Cnid.rootParent && (row === undefined || catalog.valences[row]! < 0)) {
      findings.error(
        'catalog',
        `records in CNID ${parent}`,
        'a folder with this CNID',
        row === undefined ? 'none' : 'a file',
      );
    }
  }
  if (!catalog.rows.has(Cnid.root)) findings.error('catalog', 'the root folder', 'CNID 2', 'none');
  checkLoops(catalog);
  findings.equal('volume header', 'fileCount', catalog.files, header.fileCount);
  findings.equal('volume header', 'folderCount', Math.max(0, catalog.folders - 1), header.folderCount);
  for (const [cnid, bits] of context.xattrs) {
    if ((bits & XattrBit.matched) === 0)
      findings.error('attributes', `CNID ${cnid}`, 'a file or folder with this CNID', 'none');
  }
  checkEncodings(catalog);
  checkBlessing(catalog);
}

/** Every text encoding in use must be in encodingsBitmap (TN1150; above 47 as Apple's fsck takes them). */
function checkEncodings({ context, encodings }: CatalogCheck): void {
  const { encodingsBitmap } = context.header;
  const missing: number[] = [];
  for (const encoding of encodings) {
    const script = encoding & 0x7f;
    const bits = [script < 48 ? script : 0];
    if (encoding === 152) bits.push(48); // Ukrainian
    if (encoding === 140) bits.push(49); // Farsi
    if (!bits.some((bit) => ((encodingsBitmap >> BigInt(bit)) & 1n) === 1n)) missing.push(encoding);
  }
  if (missing.length === 0) return;
  const found = `0x${encodingsBitmap.toString(16)}`;
  context.findings.error('volume header', 'encodingsBitmap', `a bit for encoding ${missing.join(', ')}`, found);
}

function checkRow(catalog: CatalogCheck, row: number): void {
  const { findings, header } = catalog.context;
  const cnid = catalog.cnids[row]!;
  const parent = catalog.parents[row]!;
  const folder = catalog.valences[row]! >= 0;
  const where = `CNID ${cnid}`;
  const thread = catalog.threads.get(cnid);
  if (!thread) findings.error('catalog', where, 'a thread', 'none');
  else {
    if (thread[0] !== parent || thread[1] !== catalog.nameHashes[row]) {
      const found = thread[0] === parent ? 'another name' : `parent ${thread[0]}`;
      findings.error('catalog thread', where, `the name of its record, in ${parent}`, found);
    }
    if ((thread[2] === 1) !== folder) findings.error('catalog thread', where, 'the kind of its record', 'the other');
  }
  if ((parent === Cnid.rootParent) !== (cnid === Cnid.root)) {
    findings.error('catalog', where, 'only the root in CNID 1', `parent ${parent}`);
  }
  if (!folder) return;
  findings.equal('folder record', `${where}, valence`, catalog.children.get(cnid) ?? 0, catalog.valences[row]!);
  if ((catalog.flags[row]! & CatalogFlag.hasFolderCount) !== 0) {
    const folders = catalog.childFolders.get(cnid) ?? 0;
    findings.equal('folder record', `${where}, folderCount`, folders, catalog.folderCounts[row]!);
  } else if (header.signature === 'HX') {
    findings.error('folder record', where, 'flag HasFolderCount, as on every folder of HFSX', 'none');
  }
}

/** Every folder must lead to the root by its parents. */
function checkLoops(catalog: CatalogCheck): void {
  const { findings } = catalog.context;
  // 0: not looked at, 1: on the way now, 2: leads to the root or has been reported.
  const state = new Uint8Array(catalog.cnids.length);
  for (let start = 0; start < state.length; start++) {
    const way: number[] = [];
    let row: number | undefined = start;
    while (row !== undefined && state[row] === 0) {
      state[row] = 1;
      way.push(row);
      row = catalog.rows.get(catalog.parents[row]!);
    }
    if (row !== undefined && state[row] === 1) {
      findings.error('catalog', `CNID ${catalog.cnids[row]}`, 'a folder that leads to the root', 'a ring of folders');
    }
    for (const seen of way) state[seen] = 2;
  }
}

/** finderInfo words that name a folder or a file, see facts on blessing (hfs_format.h kHFSSystemFolderIndex …). */
const BLESSING = [
  { index: 0, name: 'blessed folder', folder: true },
  { index: 1, name: 'blessed file', folder: false },
  { index: 2, name: 'folder to open', folder: true },
  { index: 3, name: 'OS 9 folder', folder: true },
  { index: 5, name: 'OS X folder', folder: true },
] as const;

function checkBlessing(catalog: CatalogCheck): void {
  const { header, findings } = catalog.context;
  const words = new DataView(header.finderInfo.buffer, header.finderInfo.byteOffset, 32);
  for (const { index, name, folder } of BLESSING) {
    const cnid = words.getUint32(index * 4);
    if (cnid === 0) continue;
    const row = catalog.rows.get(cnid);
    // The file's word once was the parent of the startup application (TN1150).
    const kind = row === undefined ? 'nothing' : catalog.valences[row]! >= 0 ? 'a folder' : 'a file';
    if (kind === (folder ? 'a folder' : 'a file') || (!folder && kind === 'a folder')) continue;
    findings.error(
      'volume header',
      `finderInfo[${index}], ${name}`,
      folder ? 'a folder' : 'a file',
      `${kind} with CNID ${cnid}`,
    );
  }
}
