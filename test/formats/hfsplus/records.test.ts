import { expect, it } from 'vitest';
import {
  decodeAttributeKey,
  decodeAttributeRecord,
  encodeAttributeKey,
  encodeAttributeRecord,
} from '../../../src/formats/hfsplus/attribute-record.js';
import { decodeBTreeHeader, encodeBTreeHeader } from '../../../src/formats/hfsplus/btree-header.js';
import { decodeNode, encodeNode, splitRecord } from '../../../src/formats/hfsplus/btree-node.js';
import { decodeCatalogKey, encodeCatalogKey } from '../../../src/formats/hfsplus/catalog-key.js';
import { decodeCatalogRecord, encodeCatalogRecord } from '../../../src/formats/hfsplus/catalog-record.js';
import { HfsVolume } from '../../../src/formats/hfsplus/volume.js';
import { VOLUMES, volumeSource } from './volumes.js';

const where = { file: 'test', structure: 'record', offset: 0 };
// expect() of whole nodes is slow; this is not.
const same = (a: Uint8Array, b: Uint8Array) => expect(Buffer.compare(a, b)).toBe(0);

/** A key and record written again from what was read. */
function catalogAgain(key: Uint8Array, record: Uint8Array): [Uint8Array, Uint8Array] {
  return [encodeCatalogKey(decodeCatalogKey(key, where)), encodeCatalogRecord(decodeCatalogRecord(record, where))];
}

function attributeAgain(key: Uint8Array, record: Uint8Array): [Uint8Array, Uint8Array] {
  return [
    encodeAttributeKey(decodeAttributeKey(key, where)),
    encodeAttributeRecord(decodeAttributeRecord(record, where)),
  ];
}

it.each(VOLUMES)('%s: every node, key and record is written again as it was', async (name) => {
  const volume = await HfsVolume.open(await volumeSource(name));
  for (const tree of [volume.catalog, volume.attributes!]) {
    const again = tree === volume.catalog ? catalogAgain : attributeAgain;
    const { nodeSize, maxKeyLength, leafRecords } = tree.header;
    const first = await tree.source.read(0, nodeSize);
    const head = decodeNode(first, where);
    same(encodeNode(head, nodeSize), first);
    same(encodeBTreeHeader(decodeBTreeHeader(head.records[0]!, where)), head.records[0]!);
    let records = 0;
    for await (const { node } of tree.leaves()) {
      const written = decodeNode(encodeNode(node, nodeSize), where);
      expect([written.fLink, written.bLink, written.kind, written.height]).toEqual([node.fLink, node.bLink, -1, 1]);
      for (const [i, bytes] of node.records.entries()) {
        const { key, at } = splitRecord(bytes, maxKeyLength, where);
        const [keyAgain, recordAgain] = again(key, bytes.subarray(at));
        if (Buffer.compare(keyAgain, key) !== 0) same(keyAgain, key);
        if (Buffer.compare(recordAgain, bytes.subarray(at)) !== 0) same(recordAgain, bytes.subarray(at));
        if (Buffer.compare(written.records[i]!, bytes) !== 0) same(written.records[i]!, bytes);
        records++;
      }
    }
    expect(records).toBe(leafRecords);
  }
});
