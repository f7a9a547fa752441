import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HostError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { openDisk, openVolume } from '../formats/disk.js';
import { hfsNow } from '../formats/entry.js';
import { StagedVolume } from '../formats/hfsplus/write/index.js';
import type { Piece } from '../formats/pieces.js';
import { decodedRuns } from '../formats/udif/index.js';
import { plainPath } from '../host/plain-path.js';
import { Early } from './early.js';
import { type OpenDisk, planIso } from './iso-plan.js';
import { ProofsOnTheWay } from './proofs-on-the-way.js';
import { ReadOnlyVolume } from './read-only-volume.js';
import { Relay } from './relay.js';
import { SourceChecksums } from './source-checksums.js';
import type { DiskForm, Image, ImageFormat, ImageTool, Problem, Volume, Work } from './types.js';
import { Digests } from './writer/digests.js';
import type { DiskPlan } from './writer/disk-plan.js';
import { collect } from './writer/garbage.js';
import { WorkerPool } from './writer/pool.js';
import { type WriteOptions, type WrittenDisk, writeDisk } from './writer/write-disk.js';

/** An image of this engine: where it is read from, and what has been staged over it since. */
interface NativeImage extends Image {
  readonly file: ByteSource;
  opened?: OpenDisk;
  staged?: StagedVolume;
}

/** Each has its chunk of 16 MiB, and that as it is stored. */
const MOST_DECODERS = 3;
/** More would wait for the thread that hashes what they all make. */
const MOST_WRITERS = 2;

/**
 * The engine that needs no Mac and no root: it reads images as they lie, keeps changes aside, and writes the finished disk once.
 * It takes nothing of the host but threads, until it writes the output; `close` ends them.
 */
export class NativeTool implements ImageTool {
  readonly name = 'native';
  readonly provesOnTheWay = true;
  /** Decode packages. */
  readonly #decoders = new WorkerPool(MOST_DECODERS);
  /** Make the ISO's bytes. */
  readonly #writers = new WorkerPool(MOST_WRITERS);
  readonly #checksums = new SourceChecksums();

  async check(need: { output: string }): Promise<readonly Problem[]> {
    const folder = dirname(need.output);
    try {
      await access(folder, constants.W_OK);
      return [];
    } catch {
      return [{ message: `${folder} cannot be written to.`, hint: 'Give another place with -o FILE.' }];
    }
  }

  async open(source: ByteSource): Promise<Image> {
    const image: NativeImage = { title: source.name, file: Relay.over(source) };
    return image;
  }

  async attach(image: Image, options: { readOnly: boolean }): Promise<Volume> {
    const native = image as NativeImage;
    const { volume } = await this.#openOnce(native);
    if (options.readOnly) return new ReadOnlyVolume(volume);
    native.staged ??= new StagedVolume(volume, { now: hfsNow() });
    return native.staged;
  }

  async convert(
    image: Image,
    format: ImageFormat,
    to: string | undefined,
    work: Work,
    form: DiskForm = {},
  ): Promise<Image> {
    const native = image as NativeImage;
    if (format === 'sparse') {
      work.note('not copied: changes are kept aside until the ISO is written');
      const copy: NativeImage = { title: native.title, file: native.file };
      return copy;
    }
    return this.#writeIso(native, to!, form, work);
  }

  async resize(_image: Image, size: number | 'minimum', work: Work): Promise<void> {
    work.note(
      size === 'minimum' ? 'not needed: the ISO is written as small as it can be' : 'not needed by this engine',
    );
  }

  async dispose(image: Image): Promise<void> {
    const { opened } = image as NativeImage;
    if (opened?.disk.udif) this.#checksums.forget(opened.disk.udif);
  }

  async make(pieces: readonly Piece[], length: number, room?: Uint8Array): Promise<Uint8Array> {
    return this.#decoders.make(pieces, length, room);
  }

  get threads(): number {
    return this.#decoders.size;
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await this.#decoders.close();
    await this.#writers.close();
  }

  async #writeIso(image: NativeImage, to: string, form: DiskForm, work: Work): Promise<Image> {
    // Packages are not read any more.
    await this.#decoders.close();
    collect(image.file.size);
    this.#writers.warmUp();
    const plan = await this.#plan(image, form);
    const digests = new Digests(this.#writers);
    const proofs = await ProofsOnTheWay.of(plan, (algorithm) => digests.begin(algorithm));
    const early = Early.in(plan, image.file);
    try {
      const { size, sha256, bytesWritten } = await this.#write(early?.plan ?? plan, to, work, {
        proofs,
        digests,
        early,
      });
      const proved = await proofs.finish(work, () => digests.settled());
      await this.#writers.close();
      // The plan holds whole trees.
      collect(size);
      const sourceChecksums = await this.#checksums.finish(work);
      return { title: image.title, size, sha256, facts: { bytesWritten, sourceChecksums, ...proved } };
    } finally {
      await early?.close();
    }
  }

  async #plan(image: NativeImage, form: DiskForm): Promise<DiskPlan> {
    return planIso(await this.#openOnce(image), {
      form,
      now: hfsNow(),
      staged: image.staged,
      base: image.file,
      onMeasured: () => collect(image.file.size),
    });
  }

  async #write(
    plan: DiskPlan,
    to: string,
    work: Work,
    { proofs, digests, early }: { proofs: ProofsOnTheWay; digests: Digests; early: Early | undefined },
  ): Promise<WrittenDisk> {
    decodedRuns.clear();
    collect(plan.size);
    try {
      const options: WriteOptions = {
        signal: work.signal,
        report: (progress) => work.report(progress),
        pool: this.#writers,
        digests,
        onChecksums: (list) => this.#checksums.report(list),
        onBytes: (bytes) => proofs.update(bytes),
      };
      return await writeDisk(to, plan, {
        ...options,
        ...(early && { onOpen: (disk) => early.write(to, disk, options) }),
      });
    } catch (error) {
      throw outOfSpace(error, to, plan.size);
    }
  }

  async #openOnce(image: NativeImage) {
    if (!image.opened) {
      const disk = await openDisk(image.file);
      if (disk.udif) this.#checksums.watch(disk.udif);
      image.opened = { disk, ...(await openVolume(disk)) };
    }
    return image.opened;
  }
}

/** A full disk, with what would have been needed; any other error as it is. */
function outOfSpace(error: unknown, path: string, size: number): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') return error;
  const folder = dirname(plainPath(path));
  return new HostError(`${folder}: the disk is full: the ISO needs ${size.toLocaleString('en-US')} bytes.`, {
    cause: error,
    hint: 'Make room, or give another place with -o FILE.',
  });
}
