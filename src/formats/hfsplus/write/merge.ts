import type { TreeRecord } from './tree-builder.js';

/** What a key of the base tree means now; `record` undefined: nothing any more. */
export interface Change<K> {
  readonly key: K;
  readonly record: Uint8Array | undefined;
}

/** What is done with the records of the base tree. */
export interface BaseRecords<K> {
  readonly records: AsyncIterable<TreeRecord<K>>;
  /** Whether the record is gone whatever the changes say. */
  dropped?(record: TreeRecord<K>): boolean;
  /** Told of every record of the base tree that is not taken over. */
  onDropped?(record: TreeRecord<K>): void;
  /** Told of every record of the base tree that is taken over as it is. */
  onKept?(record: TreeRecord<K>): void;
}

/** Merges a base tree's records with changes, which are sorted; both in rising order, so the result is. */
export async function* mergeRecords<K>(
  base: BaseRecords<K>,
  changes: readonly Change<K>[],
  compare: (a: K, b: K) => number,
): AsyncGenerator<TreeRecord<K>> {
  let next = 0;
  for await (const record of base.records) {
    let replaced = false;
    for (; next < changes.length; next++) {
      const change = changes[next]!;
      const order = compare(change.key, record.key);
      if (order > 0) break;
      replaced ||= order === 0;
      if (change.record) yield { key: change.key, record: change.record };
    }
    if (replaced || base.dropped?.(record)) base.onDropped?.(record);
    else {
      base.onKept?.(record);
      yield { key: record.key, record: record.record };
    }
  }
  for (; next < changes.length; next++) {
    const change = changes[next]!;
    if (change.record) yield { key: change.key, record: change.record };
  }
}

/** No records: the base of a tree made anew. */
export async function* noRecords<K>(): AsyncGenerator<TreeRecord<K>> {}
