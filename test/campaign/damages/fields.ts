/** Fields of a structure on the disk: offset and size in bytes, all big-endian but the journal's. */
export type Fields = Readonly<Record<string, readonly [offset: number, size: number]>>;

/** HFSPlusForkData without its extents. */
export const FORK: Fields = { logicalSize: [0, 8], clumpSize: [8, 4], totalBlocks: [12, 4] };

/** Fields of a volume header, TN1150; its five forks are kinds of their own. */
export const HEADER: Fields = {
  signature: [0, 2],
  version: [2, 2],
  attributes: [4, 4],
  lastMountedVersion: [8, 4],
  journalInfoBlock: [12, 4],
  created: [16, 4],
  modified: [20, 4],
  backedUp: [24, 4],
  checked: [28, 4],
  fileCount: [32, 4],
  folderCount: [36, 4],
  blockSize: [40, 4],
  totalBlocks: [44, 4],
  freeBlocks: [48, 4],
  nextAllocation: [52, 4],
  resourceClumpSize: [56, 4],
  dataClumpSize: [60, 4],
  nextCatalogID: [64, 4],
  writeCount: [68, 4],
  encodingsBitmap: [72, 8],
};
/** Where a header's forks begin. */
export const FORKS: Readonly<Record<string, number>> = {
  allocationFile: 112,
  extentsFile: 192,
  catalogFile: 272,
  attributesFile: 352,
  startupFile: 432,
};

/** Fields of a B-tree's header record, TN1150; it is at byte 14 of node 0. */
export const TREE: Fields = {
  treeDepth: [0, 2],
  rootNode: [2, 4],
  leafRecords: [6, 4],
  firstLeafNode: [10, 4],
  lastLeafNode: [14, 4],
  nodeSize: [18, 2],
  maxKeyLength: [20, 2],
  totalNodes: [22, 4],
  freeNodes: [26, 4],
  reserved1: [30, 2],
  clumpSize: [32, 4],
  btreeType: [36, 1],
  keyCompareType: [37, 1],
  attributes: [38, 4],
  reserved3: [42, 4],
};

/** BTNodeDescriptor. */
export const NODE: Fields = {
  fLink: [0, 4],
  bLink: [4, 4],
  kind: [8, 1],
  height: [9, 1],
  numRecords: [10, 2],
  reserved: [12, 2],
};

/** What folder and file records have alike. */
const COMMON: Fields = {
  recordType: [0, 2],
  flags: [2, 2],
  cnid: [8, 4],
  createDate: [12, 4],
  otherDates: [16, 4],
  owner: [32, 4],
  group: [36, 4],
  adminFlags: [40, 1],
  ownerFlags: [41, 1],
  mode: [42, 2],
  special: [44, 4],
  finderType: [48, 4],
  finderCreator: [52, 4],
  finderFlags: [56, 2],
  finderRest: [60, 4],
  extendedFinder: [64, 4],
  textEncoding: [80, 4],
};
/** Records of the catalog. */
export const FOLDER: Fields = { ...COMMON, valence: [4, 4], folderCount: [84, 4] };
export const FILE: Fields = { ...COMMON, reserved1: [4, 4], reserved2: [84, 4] };
export const THREAD: Fields = {
  recordType: [0, 2],
  reserved: [2, 2],
  parentID: [4, 4],
  nameLength: [8, 2],
  name: [10, 2],
};

/** Keys, with the length field. */
const CATALOG_KEY: Fields = { keyLength: [0, 2], parentID: [2, 4], nameLength: [6, 2], name: [8, 2] };
const EXTENT_KEY: Fields = { keyLength: [0, 2], forkType: [2, 1], pad: [3, 1], fileID: [4, 4], startBlock: [8, 4] };
const ATTRIBUTE_KEY: Fields = {
  keyLength: [0, 2],
  pad: [2, 2],
  fileID: [4, 4],
  startBlock: [8, 4],
  nameLength: [12, 2],
  name: [14, 2],
};
/** By the tree they are of. */
export const KEYS = { catalog: CATALOG_KEY, extents: EXTENT_KEY, attributes: ATTRIBUTE_KEY };

/** Attribute records. */
export const INLINE: Fields = { recordType: [0, 4], reserved: [4, 8], size: [12, 4], value: [16, 2] };
export const FORK_ATTRIBUTE: Fields = { recordType: [0, 4], reserved: [4, 4] };

/** JournalInfoBlock and journal_header of vfs_journal.h. */
export const JOURNAL_INFO: Fields = {
  flags: [0, 4],
  deviceSignature: [4, 4],
  offset: [36, 8],
  size: [44, 8],
  uuid: [52, 8],
};
export const JOURNAL: Fields = {
  magic: [0, 4],
  endian: [4, 4],
  start: [8, 8],
  end: [16, 8],
  size: [24, 8],
  blhdrSize: [32, 4],
  checksum: [36, 4],
  jhdrSize: [40, 4],
  sequence: [44, 4],
};
