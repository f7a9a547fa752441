import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../../../src/formats/bytes.js';
import { showPath } from '../../../../src/formats/entry.js';
import { HfsVolume } from '../../../../src/formats/hfsplus/volume.js';
import { emptyVolume, planInPlace, planVolume, StagedVolume } from '../../../../src/formats/hfsplus/write/index.js';
import { expectClean } from '../../../helpers/clean-volume.js';
import { entry, noise } from '../../../helpers/entries.js';
import { times } from '../../../helpers/long.js';
import { apply, materialize } from '../../../helpers/materialize.js';
import { snapshot } from '../../../helpers/tree-snapshot.js';

const NOW = 3_600_000_000;

/** One change. Names come from a small pool so that they meet again, `a` and `A` among them. */
const ACCENTS = 'U\u0308ni\u0308';
const name = fc.constantFrom('a', 'A', 'b', ACCENTS, 'x'.repeat(255));
const path = fc.oneof(fc.tuple(name), fc.tuple(name), fc.tuple(name, name), fc.tuple(name, name, name));
const operation = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constant('folder' as const), path }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('file' as const),
      path,
      size: fc.constantFrom(0, 1, 511, 4096, 10_000),
      resource: fc.constantFrom(0, 0, 0, 300),
      xattr: fc.constantFrom(undefined, undefined, 0, 17, 3802, 3803, 9000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant('link' as const), path, group: fc.integer({ min: 1, max: 2 }) }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('remove' as const), path }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const at = (op: 'folder' | 'remove', ...parts: [string]): Operation => ({ op, path: parts });
const link = (group: number, ...parts: [string] | [string, string]): Operation => ({ op: 'link', path: parts, group });

/** A file or folder of the model; names of one file share one object. */
interface Node {
  readonly kind: 'folder' | 'file';
  readonly content: string;
  readonly live: Set<string>;
}

/** What a volume should hold, kept in the simplest way there is. */
class Model {
  readonly nodes = new Map<string, { path: readonly string[]; node: Node }>();
  groups = new Map<number, Node>();
  readonly #fold: (path: readonly string[]) => string;

  constructor(caseSensitive: boolean) {
    this.#fold = (parts) => (caseSensitive ? parts.join('/') : parts.join('/').toLowerCase());
  }

  at(parts: readonly string[]) {
    return parts.length === 0 ? { path: [], node: ROOT } : this.nodes.get(this.#fold(parts));
  }

  /** Whether the change is one that may be made. */
  allows({ op, path: parts }: Operation): boolean {
    const there = this.at(parts)?.node;
    if (op === 'remove') return there !== undefined && !this.#holdsSomething(parts);
    const parent = this.at(parts.slice(0, -1));
    return parent?.node.kind === 'folder' && (!there || there.kind === (op === 'folder' ? 'folder' : 'file'));
  }

  set(parts: readonly string[], node: Node): void {
    const key = this.#fold(parts);
    const old = this.nodes.get(key);
    if (old?.node.kind === 'folder') return;
    old?.node.live.delete(key);
    // Stored under the names of the folders as they are, not as they were asked for.
    const parent = this.at(parts.slice(0, -1))!.path;
    this.nodes.set(key, { path: [...parent, parts.at(-1)!], node });
    node.live.add(key);
  }

  remove(parts: readonly string[]): void {
    const key = this.#fold(parts);
    this.nodes.get(key)?.node.live.delete(key);
    this.nodes.delete(key);
  }

  #holdsSomething(parts: readonly string[]): boolean {
    return [...this.nodes.keys()].some((key) => key.startsWith(`${this.#fold(parts)}/`));
  }
}
const ROOT: Node = { kind: 'folder', content: '', live: new Set() };

let serial = 0;

async function perform(change: Operation, staged: StagedVolume, model: Model): Promise<void> {
  const { op, path: parts } = change;
  if (!model.allows(change)) {
    const attempt =
      op === 'remove' ? staged.remove(parts) : staged.put(entry(parts, op === 'folder' ? {} : { text: 'x' }));
    await expect(attempt).rejects.toThrow(/there is no|is not empty|cannot take its place/);
    return;
  }
  if (op === 'remove') {
    await staged.remove(parts);
    model.remove(parts);
  } else if (op === 'folder') {
    await staged.put(entry(parts));
    model.set(parts, { kind: 'folder', content: '', live: new Set() });
  } else if (op === 'link') {
    const content = `shared ${serial++}`;
    await staged.put(entry(parts, { text: content, link: change.group }));
    // The name that makes way goes first: it may be the last one of this very group.
    model.remove(parts);
    const known = model.groups.get(change.group);
    const node = known && known.live.size > 0 ? known : ({ kind: 'file', content, live: new Set() } satisfies Node);
    model.groups.set(change.group, node);
    model.set(parts, node);
  } else {
    const content = noise(`file ${serial++}`, change.size);
    await staged.put(
      entry(parts, {
        data: fromBytes(content, 'data'),
        ...(change.resource > 0 ? { resource: fromBytes(noise('resource', change.resource), 'resource') } : {}),
        xattrs: change.xattr === undefined ? [] : [{ name: 'x', value: fromBytes(noise('x', change.xattr), 'x') }],
      }),
    );
    model.set(parts, { kind: 'file', content: Buffer.from(content).toString('latin1'), live: new Set() });
  }
}

/** Names, contents and which names are of one file, as the model says it and as a volume says it. */
async function expectLike(model: Model, volume: HfsVolume | StagedVolume): Promise<void> {
  const found = new Map<string, string>();
  const links = new Map<number, string[]>();
  for await (const { path: parts, kind, data, link } of volume.walk()) {
    if (parts.length === 0) continue;
    const content = kind === 'folder' ? 'folder' : Buffer.from(await data!.read(0, data!.size)).toString('latin1');
    found.set(showPath(parts), content);
    if (link !== undefined) links.set(link, [...(links.get(link) ?? []), showPath(parts)]);
  }
  const expected = new Map<string, string>();
  const groups = new Map<Node, string[]>();
  for (const { path: parts, node } of model.nodes.values()) {
    expected.set(showPath(parts), node.kind === 'folder' ? 'folder' : node.content);
    groups.set(node, [...(groups.get(node) ?? []), showPath(parts)]);
  }
  expect(found).toEqual(expected);
  const shared = (all: Iterable<string[]>) =>
    [...all]
      .filter((g) => g.length > 1)
      .map((g) => g.sort().join())
      .sort();
  expect(shared(links.values())).toEqual(shared(groups.values()));
}

describe('random changes, round after round', () => {
  it.each([
    { blockSize: 512, caseSensitive: false, inPlace: false },
    { blockSize: 4096, caseSensitive: true, inPlace: false },
    { blockSize: 1024, caseSensitive: false, inPlace: true },
    { blockSize: 4096, caseSensitive: true, inPlace: true },
  ])('leave what a simple model says: %o', async ({ blockSize, caseSensitive, inPlace }) => {
    const rounds = fc.array(fc.array(operation, { minLength: 1, maxLength: 20, size: 'max' }), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(rounds, async (all) => {
        const empty = await emptyVolume({ name: 'Model', created: NOW, blockSize, caseSensitive });
        const roomy = await planVolume(new StagedVolume(await HfsVolume.open(empty)), {
          now: NOW,
          reserveBlocks: inPlace ? 2000 : 0,
        });
        let bytes = await materialize(roomy);
        const model = new Model(caseSensitive);
        for (const changes of all) {
          const staged = new StagedVolume(await HfsVolume.open(fromBytes(bytes, 'base')), { now: NOW });
          model.groups = new Map();
          for (const change of changes) await perform(change, staged, model);
          await expectLike(model, staged);
          const said = await snapshot(staged);
          if (inPlace) {
            const plan = await planInPlace(staged, { now: NOW });
            await apply({ ...roomy, ...plan }, bytes);
          } else bytes = await materialize(await planVolume(staged, { now: NOW }));
          const volume = await HfsVolume.open(fromBytes(bytes, 'finished'));
          await expectLike(model, volume);
          expect(unlinked(await snapshot(volume))).toEqual(unlinked(said));
          await expectClean(bytes);
        }
      }),
      {
        numRuns: times(15, 4),
        examples: [[[[at('folder', 'a')], [link(2, 'a', 'a'), link(2, ACCENTS), link(1, 'a')]]]],
      },
    );
  });
});

/** A snapshot without the names of the links, which say more than is asked of a file with one name. */
function unlinked(entries: Awaited<ReturnType<typeof snapshot>>) {
  return new Map([...entries].map(([path, { link: _, ...rest }]) => [path, rest]));
}
