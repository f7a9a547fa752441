import {
  type BTreeHeader,
  HEADER_RECORD_SIZE,
  headerMapSize,
  mapNodesNeeded,
  USER_RECORD_SIZE,
} from '../btree-header.js';
import { decodeNode, NodeKind } from '../btree-node.js';
import type { Findings } from './finding.js';
import type { NodeReader } from './node-reader.js';

const SPARE_MAPS = 16;
const FIRST_RECORDS = `${HEADER_RECORD_SIZE} and ${USER_RECORD_SIZE}`;

/**
 * Checks node 0 and the map nodes it links to, and that the map's bits say what `used` says (map nodes are added to it here).
 * Also counts freeNodes.
 */
export async function checkMap(
  nodes: NodeReader,
  used: Uint8Array,
  header: BTreeHeader,
  tree: string,
  findings: Findings,
): Promise<void> {
  const maps: Uint8Array[] = [];
  // Twice what is needed, and some: all are kept, and a long chain of them would be damage.
  const most = 2 * mapNodesNeeded(nodes.count, nodes.nodeSize) + SPARE_MAPS;
  for (let number = 0, seen = 0; ; seen++) {
    if (seen > most) {
      findings.error(tree, 'map nodes', `at most ${most} for ${nodes.count} nodes`, 'more, or a ring');
      return;
    }
    const where = nodes.where(number);
    const node = decodeNode(new Uint8Array(await nodes.read(number)), where);
    const first = number === 0;
    findings.equal(where.structure, 'kind', first ? NodeKind.header : NodeKind.map, node.kind);
    findings.equal(where.structure, 'number of records', first ? 3 : 1, node.numRecords);
    findings.equal(where.structure, 'height', 0, node.height);
    if (first) {
      const sizes = node.records.slice(0, 2).map(({ length }) => length);
      findings.equal(where.structure, 'sizes of the first two records', FIRST_RECORDS, sizes.join(' and '));
    }
    const map = node.records[first ? 2 : 0];
    if (!map) return;
    if (first) findings.equal(where.structure, 'size of the map', headerMapSize(nodes.nodeSize), map.length);
    maps.push(map);
    if (node.fLink === 0) break;
    number = node.fLink;
    if (number >= nodes.count || used[number] === 1) {
      findings.error(where.structure, 'fLink', 'a map node nothing else points to', number);
      return;
    }
    used[number] = 1;
  }
  let wrong = 0;
  let firstWrong = 0;
  let number = 0;
  let free = 0;
  for (const map of maps) {
    for (let at = 0; at < map.length; at++) {
      for (let mask = 0x80; mask > 0; mask >>= 1, number++) {
        const bit = (map[at]! & mask) === 0 ? 0 : 1;
        const real = number < nodes.count ? used[number]! : 0;
        if (number < nodes.count && real === 0) free++;
        if (bit !== real && wrong++ === 0) firstWrong = number;
      }
    }
  }
  if (number < nodes.count) findings.error(tree, 'the map', `bits for ${nodes.count} nodes`, number);
  if (wrong > 0)
    findings.error(tree, 'the map', 'the bits of the nodes in use', `${wrong} wrong, first node ${firstWrong}`);
  findings.equal(tree, 'freeNodes', free, header.freeNodes);
}
