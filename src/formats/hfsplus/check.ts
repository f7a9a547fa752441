import type { ByteSource } from '../bytes.js';
import { heeding } from '../heeding.js';
import { ATTRIBUTE_MAX_KEY_LENGTH } from './attribute-record.js';
import { BTree } from './btree.js';
import { BTreeAttribute } from './btree-header.js';
import { CATALOG_MAX_KEY_LENGTH } from './catalog-key.js';
import { AttributesCheck } from './check/attributes-check.js';
import { checkBitmap } from './check/bitmap-check.js';
import { CatalogCheck } from './check/catalog-check.js';
import { Claims } from './check/claims.js';
import { type CheckContext, checkFork } from './check/context.js';
import { ExtentsCheck } from './check/extents-check.js';
import { type Finding, Findings } from './check/finding.js';
import { checkAlternate, checkHeader, checkHeaderForks, checkJournal, claimHeaders } from './check/headers-check.js';
import { checkHierarchy } from './check/hierarchy-check.js';
import { checkTree } from './check/tree-check.js';
import { EXTENT_MAX_KEY_LENGTH, type ExtentKey, ForkType } from './extent-record.js';
import { allExtents, forkSource } from './extents.js';
import type { ForkData } from './fork-data.js';
import { Cnid, VOLUME_HEADER_OFFSET, VOLUME_HEADER_SIZE, VolumeAttribute, type VolumeHeader } from './header.js';
import { ATTRIBUTES_TREE, catalogTree, EXTENTS_TREE } from './trees.js';
import { readVolumeHeader } from './volume.js';

export type { Finding } from './check/finding.js';

/**
 * Checks a volume from its on-disk structures alone, as fsck does: headers, journal, every node of every tree, every record,
 * every block. `given` is the partition, exactly. An empty list is a volume without a fault. Damage never throws; what the signal aborts
 * with does: all of a volume of many gigabytes may have to be read.
 */
export async function checkVolume(given: ByteSource, signal?: AbortSignal): Promise<Finding[]> {
  const source = signal ? heeding(given, signal) : given;
  const findings = new Findings();
  let header: VolumeHeader;
  try {
    header = await readVolumeHeader(source);
  } catch (error) {
    findings.fault(error);
    return findings.finish();
  }
  checkHeader(source, header, findings);
  checkHeaderForks(await source.read(VOLUME_HEADER_OFFSET, VOLUME_HEADER_SIZE), '', findings);
  await checkAlternate(source, header, findings);
  await checkJournal(source, header, findings);
  const claims = new Claims(header.totalBlocks, findings);
  claimHeaders(header, claims);
  const context: CheckContext = { source, header, findings, claims, overflow: new Map(), xattrs: new Map() };
  await checkTrees(context);
  return findings.finish();
}

async function checkTrees(context: CheckContext): Promise<void> {
  const { source, header, findings } = context;
  const unusedZeroed = (header.attributes & VolumeAttribute.unusedNodeFix) !== 0;
  const overflowTree = await openOverflow(context);

  const fork = async (name: string, cnid: number, data: ForkData) => {
    checkFork(context, cnid, ForkType.data, data, () => `the ${name}`);
    try {
      const where = { file: `${source.name}: ${name}`, structure: `fork data of the ${name}`, offset: 0 };
      const tree = cnid === Cnid.extents ? undefined : overflowTree;
      return forkSource(context, await allExtents(tree, cnid, ForkType.data, data), data.logicalSize, where);
    } catch (error) {
      findings.fault(error);
      return undefined;
    }
  };

  const extents = new ExtentsCheck(context);
  const extentsFile = await fork('extents file', Cnid.extents, header.extentsFile);
  if (extentsFile) {
    const visit = extents.visit.bind(extents);
    const rules = {
      format: EXTENTS_TREE,
      maxKeyLength: EXTENT_MAX_KEY_LENGTH,
      btreeType: 0,
      attributes: 0,
      unusedZeroed,
      visit,
    };
    await checkTree(extentsFile, rules, findings);
  }
  const allocationFile = await fork('allocation file', Cnid.allocation, header.allocationFile);
  const { startupFile } = header;
  if (startupFile.totalBlocks > 0 || startupFile.extents.length > 0)
    await fork('startup file', Cnid.startup, startupFile);

  const attributes = BTreeAttribute.variableIndexKeys;
  if (header.attributesFile.totalBlocks > 0) {
    const file = await fork('attributes file', Cnid.attributes, header.attributesFile);
    const check = new AttributesCheck(context);
    const visit = check.visit.bind(check);
    const maxKeyLength = ATTRIBUTE_MAX_KEY_LENGTH;
    if (file)
      await checkTree(file, { format: ATTRIBUTES_TREE, maxKeyLength, attributes, unusedZeroed, visit }, findings);
    check.finish();
  }

  const catalogFile = await fork('catalog file', Cnid.catalog, header.catalogFile);
  if (catalogFile) {
    const check = new CatalogCheck(context);
    const visit = check.visit.bind(check);
    const format = catalogTree(header.signature);
    const maxKeyLength = CATALOG_MAX_KEY_LENGTH;
    await checkTree(catalogFile, { format, maxKeyLength, btreeType: 0, attributes, unusedZeroed, visit }, findings);
    checkHierarchy(check);
    check.links.finish();
    await check.symlinks.finish();
  }
  extents.finish();
  try {
    if (allocationFile) await checkBitmap(context, allocationFile);
  } catch (error) {
    findings.fault(error);
  }
}

/** The extents overflow tree for finding the rest of the other special files; its own faults are found by its check. */
async function openOverflow({ source, header }: CheckContext): Promise<BTree<ExtentKey> | undefined> {
  const { extents, logicalSize } = header.extentsFile;
  const where = { file: `${source.name}: extents file`, structure: 'fork data of the extents file', offset: 0 };
  try {
    return await BTree.open(forkSource({ source, header }, extents, logicalSize, where), EXTENTS_TREE);
  } catch {
    return undefined;
  }
}
