import { type AttributeKey, compareAttributeKeys, decodeAttributeKey } from './attribute-record.js';
import type { KeyFormat } from './btree.js';
import { KeyCompare } from './btree-header.js';
import { type CatalogKey, catalogKeyOrder, decodeCatalogKey } from './catalog-key.js';
import { compareExtentKeys, decodeExtentKey, type ExtentKey } from './extent-record.js';
import { compareBinary, compareCaseInsensitive } from './names.js';

/** Keys of the extents overflow tree. */
export const EXTENTS_TREE: KeyFormat<ExtentKey> = {
  tree: 'extents',
  decode: decodeExtentKey,
  order: () => compareExtentKeys,
};

/** Keys of the attributes tree. */
export const ATTRIBUTES_TREE: KeyFormat<AttributeKey> = {
  tree: 'attributes',
  decode: decodeAttributeKey,
  order: () => compareAttributeKeys,
};

/** Keys of the catalog; only HFSX can be case-sensitive, and says so in the tree's header. */
export function catalogTree(signature: 'H+' | 'HX'): KeyFormat<CatalogKey> {
  return {
    tree: 'catalog',
    decode: decodeCatalogKey,
    order: (header) =>
      catalogKeyOrder(
        signature === 'HX' && header.keyCompareType === KeyCompare.binary ? compareBinary : compareCaseInsensitive,
      ),
  };
}
