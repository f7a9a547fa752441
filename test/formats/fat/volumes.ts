import fc from 'fast-check';
import { type ByteSource, fromBytes } from '../../../src/formats/bytes.js';
import { type FatItem, type FatOptions, FatVolume, planFat } from '../../../src/formats/fat/index.js';
import { foldName, nameFault } from '../../../src/formats/fat/names.js';
import type { PlannedExtent, PlannedHeader } from '../../../src/formats/planned.js';

export const MIB = 1 << 20;
/** 2026-11-26 12:34:56 UTC. */
export const DATE = Date.UTC(2026, 10, 26, 12, 34, 56) / 1000;

export const file = (path: string, content: string | Uint8Array = path): FatItem => ({
  path: path.split('/'),
  data: fromBytes(Buffer.from(content as string), path),
});
export const folder = (path: string): FatItem => ({ path: path.split('/') });

/** A plan's bytes. */
export async function bytesOf(plan: {
  readonly size: number;
  readonly extents: readonly PlannedExtent[];
  readonly headers: readonly PlannedHeader[];
}): Promise<Uint8Array> {
  const bytes = new Uint8Array(plan.size);
  for (const { offset, length, source, from } of plan.extents) bytes.set(await source.read(from, length), offset);
  for (const { offset, bytes: header } of plan.headers) bytes.set(header, offset);
  return bytes;
}

export const made = async (items: readonly FatItem[], options: Partial<FatOptions> = {}): Promise<Uint8Array> =>
  bytesOf(planFat(items, { size: MIB, label: 'EFI', date: DATE, ...options }));

/** What is on a volume: every path with its content, folders with a slash. */
export async function contentOf(source: ByteSource): Promise<Record<string, string>> {
  const volume = await FatVolume.open(source);
  const content: Record<string, string> = {};
  for await (const { path, kind, data } of volume.walk()) {
    if (path.length === 0) continue;
    const text = data ? Buffer.from(await data.read(0, data.size)).toString('latin1') : '';
    content[path.join('/') + (kind === 'folder' ? '/' : '')] = text;
  }
  return content;
}

/** What `items` come to, as `contentOf` says it. */
export async function contentGiven(items: readonly FatItem[]): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const { path, data } of items) {
    for (let length = 1; length < path.length; length++) content[`${path.slice(0, length).join('/')}/`] = '';
    const text = data ? Buffer.from(await data.read(0, data.size)).toString('latin1') : '';
    content[path.join('/') + (data ? '' : '/')] = text;
  }
  return content;
}

const letters = fc.string({ unit: fc.constantFrom(...'abAB19~_.- +é漢ß𝄞'), minLength: 1, maxLength: 20 });
const name = fc
  .oneof(
    { weight: 4, arbitrary: letters },
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
    fc.constantFrom('BOOTX64.EFI', 'config.plist', 'LONGNA~1', 'longname with ~1', 'x'.repeat(255), 'y'.repeat(13)),
  )
  .filter((text) => nameFault(text) === undefined);
const data = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.integer({ min: 0, max: 5 }).map((sectors) => new Uint8Array(sectors * 512).fill(sectors)),
);

/** Random trees, none with two names that FAT takes for one. */
export const trees = fc
  .array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 4 }), fc.option(data)), { maxLength: 25 })
  .map((given) => {
    const kinds = new Map<string, 'folder' | 'file'>();
    const exact = new Map<string, string>();
    const items: FatItem[] = [];
    for (const [path, bytes] of given) {
      const keys = path.map((_, i) => foldName(path.slice(0, i + 1).join('/')));
      const ways = keys.slice(0, -1);
      if (ways.some((key, i) => kinds.get(key) === 'file' || (exact.get(key) ?? path[i]) !== path[i])) continue;
      const own = keys.at(-1)!;
      if (kinds.has(own)) continue;
      ways.forEach((key, i) => {
        kinds.set(key, 'folder');
        exact.set(key, path[i]!);
      });
      kinds.set(own, bytes ? 'file' : 'folder');
      exact.set(own, path.at(-1)!);
      items.push({ path, ...(bytes && { data: fromBytes(bytes, 'file') }) });
    }
    return items;
  });
