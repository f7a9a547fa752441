import { rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Journal } from '../core/journal.js';
import { HostError, InUseError, SourceError, StepError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { SECTOR } from '../formats/partition-map/index.js';
import { openHostFile } from '../host/host-file.js';
import { makeFolder } from '../host/make-folder.js';
import { READ_AHEAD_SECTORS } from '../known/loaders.js';
import { attachArgv, convertToRawArgv, convertToSparseArgv, limitsArgv, resizeArgv } from './hdiutil/argv.js';
import { explained } from './hdiutil/failure.js';
import { finishMap } from './hdiutil/finished-map.js';
import { makeMountPoint, removeMountPoint, requireMounted } from './hdiutil/mount-point.js';
import { MountVolume } from './hdiutil/mount-volume.js';
import {
  type Attached,
  type Entity,
  mountedVolume,
  parseEntities,
  parseLimits,
  parsePercent,
  plistIn,
  wholeDisk,
} from './hdiutil/output.js';
import { ownDevices } from './hdiutil/own-devices.js';
import { needsMap } from './hdiutil/partition-map.js';
import { type Hdiutil, resolved } from './hdiutil/program.js';
import { realChown } from './hdiutil/put.js';
import { sha256Of } from './hdiutil/sha256.js';
import type { DiskForm, Image, ImageFormat, ImageTool, Problem, Volume, Work } from './types.js';

/** An image of this engine: a file of the host. */
interface HostImage extends Image {
  readonly path: string;
  /** Ours to remove when it is let go: the sparse copy. `entry` is its line in the journal. */
  readonly scratch?: { readonly entry: string };
  /** How it is partitioned: "GUID", "Apple", "none"; '' unknown. */
  readonly scheme: string;
  /** Of the disk it stands for, as far as it is known. */
  bytes?: number;
}

export interface HdiutilOptions {
  readonly program: Hdiutil;
  /** Everything that is taken is written down here first. */
  readonly journal: Journal;
  /** Private folders (0700) that are there: for the sparse image, and for mount points. */
  readonly scratch: string;
  readonly mounts: string;
  /** A half-written output stays. */
  readonly keepWork?: boolean;
  /** Gives files to their owners; for tests that are not root. */
  readonly chown?: (path: string, uid: number, gid: number) => Promise<void>;
}

/** Mount points of ours are in a folder of such a name, see src/iso/engine.ts. */
const OWN_MOUNTS = /\/osx-iso-[0-9a-f]{12}\/\d+$/;

/** The engine of Somlo's page: hdiutil attaches, converts and resizes; the system's own file system does the rest. */
export class HdiutilTool implements ImageTool {
  readonly name = 'hdiutil';
  readonly #options: HdiutilOptions;
  readonly #program: Hdiutil;
  #count = 0;

  constructor(options: HdiutilOptions) {
    this.#options = options;
    this.#program = options.program;
  }

  /** What this engine needs of the host is asked for in src/preflight, before there is an engine. */
  async check(): Promise<readonly Problem[]> {
    return [];
  }

  async open(source: ByteSource): Promise<Image> {
    const path = source.hostPath;
    if (path === undefined) {
      throw new HostError(`${source.name} lies inside another file, where hdiutil cannot attach it.`, {
        hint: 'Give the .app or InstallESD.dmg itself, or use --engine native, which reads through everything.',
      });
    }
    const info = await this.#program.imageInfo(path);
    if (info?.encrypted) throw new SourceError(`${path}: the image is encrypted.`);
    const bytes = info?.totalBytes;
    const image: HostImage = {
      title: basename(path),
      path,
      scheme: info?.scheme ?? '',
      ...(bytes !== undefined && { bytes }),
    };
    return image;
  }

  async attach(image: Image, { readOnly }: { readOnly: boolean }, work: Work): Promise<Volume> {
    const mine = image as HostImage;
    const [already] = await this.#program.attachmentsOf(mine.path);
    if (already) return this.#useForeign(mine, already, readOnly, work);
    work.signal.throwIfAborted();
    const { journal, mounts } = this.#options;
    const mountPoint = join(mounts, `${++this.#count}`);
    const entry = await journal.append({ kind: 'attachment', image: mine.path, mountPoint });
    const giveBack = async () => {
      await this.#detachOwn(mine.path, mountPoint);
      await journal.done(entry);
    };
    try {
      await makeMountPoint(mountPoint);
      // No signal from here on: an attach that is cut off may leave devices nobody knows of.
      const argv = attachArgv(mine.path, { mountPoint, readOnly });
      const { stdout } = await explained(`attach ${mine.title}`, () => this.#program.run(argv));
      const entities = parseEntities(plistIn(stdout, 'attach'));
      const device = wholeDisk(entities);
      const volume = mountedVolume(entities, await resolved(mountPoint));
      if (device === undefined || volume?.mountPoint === undefined) {
        throw new SourceError(`${mine.title}: expected a volume to be mounted, found ${shown(entities)}.`);
      }
      await requireMounted(volume.mountPoint);
      return new MountVolume({
        name: mine.title,
        device,
        mountPoint: volume.mountPoint,
        readOnly,
        runner: this.#program.runner,
        chown: this.#options.chown ?? realChown,
        detach: giveBack,
      });
    } catch (error) {
      // Whatever came into being by then; what cannot be undone stays in the journal.
      await giveBack().catch(() => undefined);
      throw error;
    }
  }

  async convert(
    image: Image,
    format: ImageFormat,
    to: string | undefined,
    work: Work,
    form: DiskForm = {},
  ): Promise<Image> {
    const mine = image as HostImage;
    if (format === 'sparse') return this.#makeSparse(mine, work);
    return this.#writeIso(mine, to!, form, work);
  }

  async resize(image: Image, size: number | 'minimum', work: Work): Promise<void> {
    const mine = image as HostImage;
    const { path, title } = mine;
    const doing = `resize ${title}`;
    const { stdout } = await explained(doing, () =>
      this.#program.runPatiently(limitsArgv(path), { signal: work.signal }),
    );
    const limits = parseLimits(stdout);
    // With room behind the last file: a loader's reads fail where the disk ends before them.
    const bytes = size === 'minimum' ? Math.min(limits.minimum + READ_AHEAD_SECTORS * SECTOR, limits.maximum) : size;
    mine.bytes = limits.current;
    if (size !== 'minimum' && size > limits.maximum) {
      throw new StepError(`${title}: expected room for ${size} bytes, found a maximum of ${limits.maximum}.`);
    }
    if (bytes === limits.current) {
      work.note('not needed: it has this size already');
      return;
    }
    await explained(doing, () => this.#program.runPatiently(resizeArgv(path, bytes), { signal: work.signal }));
    mine.bytes = bytes;
    if (size === 'minimum') work.note(`${bytes.toLocaleString('en-US')} bytes`);
  }

  async dispose(image: Image): Promise<void> {
    const { scratch, path } = image as HostImage;
    if (!scratch) return;
    if (!this.#options.keepWork) await rm(path, { force: true });
    await this.#options.journal.done(scratch.entry);
  }

  async close(): Promise<void> {}

  /** An image that somebody else attached is used where it is, and left as it is. */
  #useForeign(image: HostImage, { entities }: Attached, readOnly: boolean, work: Work): Volume {
    const device = wholeDisk(entities) ?? 'its device';
    const mountPoint = mountedVolume(entities)?.mountPoint;
    // It would be detached under us when that build is done with it.
    if (mountPoint !== undefined && OWN_MOUNTS.test(mountPoint)) {
      throw new InUseError(`${image.title} is in use by another build: it is mounted at ${mountPoint}.`, {
        hint: 'Wait for that build. If there is none any more: osx-iso clean',
      });
    }
    if (!readOnly || mountPoint === undefined) {
      throw new StepError(
        `${image.title} is attached already as ${device}${mountPoint === undefined ? ', but not mounted' : ''}.`,
        { hint: `Give it back first: hdiutil detach ${device}` },
      );
    }
    work.note(`attached already at ${mountPoint}: used there, and left attached`);
    return new MountVolume({
      name: image.title,
      mountPoint,
      readOnly: true,
      runner: this.#program.runner,
      chown: this.#options.chown ?? realChown,
      detach: async () => {},
    });
  }

  /**
   * Detaches what was attached of `image` at `mountPoint`, wherever attaching got to: the image was not attached before, so what
   * is not mounted is ours, too. Never what is mounted elsewhere.
   */
  async #detachOwn(image: string, mountPoint: string): Promise<void> {
    const { ours, unmounted } = await ownDevices(this.#program, image, mountPoint);
    for (const device of [...ours, ...unmounted]) await this.#program.detach(device);
    await removeMountPoint(mountPoint);
  }

  async #makeSparse(image: HostImage, work: Work): Promise<Image> {
    const { journal, scratch } = this.#options;
    await makeFolder(scratch, 0o700);
    const path = join(scratch, `${basename(image.path).replace(/\.[^.]*$/, '')}-${++this.#count}.sparseimage`);
    const entry = await journal.append({ kind: 'file', path });
    const partitionMap = needsMap(image.scheme);
    const argv = convertToSparseArgv(image.path, path, { partitionMap });
    try {
      await this.#convert(argv, `make a writable copy of ${image.title}`, { result: path, total: image.bytes }, work);
    } catch (error) {
      await rm(path, { force: true });
      await journal.done(entry);
      throw error;
    }
    const scheme = partitionMap ? 'Apple' : image.scheme;
    const copy: HostImage = { title: basename(path), path, scheme, scratch: { entry } };
    return copy;
  }

  async #writeIso(image: HostImage, to: string, form: DiskForm, work: Work): Promise<Image> {
    const { journal, keepWork } = this.#options;
    // hdiutil appends .cdr to a name without it, so it gets one with it.
    const path = `${to}.cdr`;
    const entry = await journal.append({ kind: 'file', path });
    try {
      const argv = convertToRawArgv(image.path, path);
      await this.#convert(argv, 'write the ISO', { result: path, total: image.bytes }, work);
      const written = await finishMap(path, to, form, work);
      if (written) {
        await rm(path);
        await journal.done(entry);
        return { title: basename(to), size: written.size, sha256: written.sha256 };
      }
      await rename(path, to);
    } catch (error) {
      if (!keepWork) await rm(path, { force: true });
      await journal.done(entry);
      throw error;
    }
    await journal.done(entry);
    const file = await openHostFile(to);
    try {
      return { title: basename(to), size: file.size, sha256: await sha256Of(file, work) };
    } finally {
      await file.close();
    }
  }

  async #convert(
    argv: readonly string[],
    doing: string,
    { result, total }: { result: string; total: number | undefined },
    work: Work,
  ): Promise<void> {
    const onLine = (line: string) => {
      const percent = parsePercent(line);
      if (typeof percent === 'number' && total !== undefined) {
        work.report({ done: Math.round((percent / 100) * total), total });
      }
    };
    const again = () => rm(result, { force: true });
    await explained(doing, () => this.#program.runPatiently(argv, { signal: work.signal, onLine }, again));
    const found = await stat(result).catch(() => undefined);
    if (!found?.isFile() || found.size === 0) {
      throw new StepError(
        `${result}: expected the image hdiutil was to write, found ${found ? 'an empty one' : 'none'}.`,
      );
    }
  }
}

function shown(entities: readonly Entity[]): string {
  return entities.map(({ device, hint }) => `${device} ${hint}`.trim()).join(', ') || 'no device';
}
