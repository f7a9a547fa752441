import type { ByteSource } from '../formats/bytes.js';
import type { Entry, Path, Tree } from '../formats/entry.js';
import type { FatItem } from '../formats/fat/index.js';
import type { Piece } from '../formats/pieces.js';

export type { Entry, Path, Tree } from '../formats/entry.js';

/** Bytes done so far, of `total` where that is known. */
export interface Progress {
  readonly done: number;
  readonly total?: number;
}

/** What a long operation is given: it reports through `report` and stops at its next chance when `signal` aborts. */
export interface Work {
  readonly signal: AbortSignal;
  report(progress: Progress): void;
  /** One line the user should see: "not needed: …". */
  note(text: string): void;
}

/** A disk image the tool knows how to handle; opaque to everybody else. */
export interface Image {
  /** For people: "BaseSystem.dmg". */
  readonly title: string;
  /** Of a finished disk: bytes, and the hex digest of all of them where it was taken on the way. */
  readonly size?: number;
  readonly sha256?: string;
  /** What was found out on the way, for the manifest. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** An attached volume. */
export interface Volume extends Tree {
  /** The device or path a person could detach by hand; undefined where nothing of the host is taken (native engine). */
  readonly device?: string;
  /** The entry at `path`, undefined where there is none. */
  entry(path: Path): Promise<Entry | undefined>;
  /** The data fork at `path` as the loader would see it (compressed files decoded), undefined where there is no file. */
  file(path: Path): Promise<ByteSource | undefined>;
  /** Adds or replaces the entry at its path; the parent must be there. Read-only volumes throw. */
  put(entry: Entry): Promise<void>;
  /** Removes one entry; a folder must be empty. */
  remove(path: Path): Promise<void>;
  /** Copies what `from` walks at `path` to `to` on this volume at once, faster than entry by entry. */
  copyFrom?(from: Tree, path: Path, to: Path, work: Work): Promise<void>;
}

/** What cannot work here, found before anything is touched. */
export interface Problem {
  readonly message: string;
  readonly hint?: string;
}

export type ImageFormat = 'sparse' | 'iso';

/** The partition map of a finished disk: a new Apple one, a GUID one, or that of the image it is made from, as it is. */
export type MapChoice = 'apm' | 'gpt' | 'keep';

/** An EFI system partition in front of the volume, under a new GUID map whatever else is wanted. */
export interface EspContent {
  readonly items: readonly FatItem[];
  /** Bytes. */
  readonly size: number;
  readonly label: string;
}

/** How a finished disk is partitioned. */
export interface DiskForm {
  /** Default 'apm'. */
  readonly map?: MapChoice;
  readonly esp?: EspContent;
}

/** The engine: makes, changes and attaches disk images. hdiutil on a Mac, our own anywhere. */
export interface ImageTool {
  readonly name: 'hdiutil' | 'native' | 'memory';
  /** Packages and BaseSystem.dmg are proved on their way to the finished disk: nobody has to read them there once more. */
  readonly provesOnTheWay?: boolean;
  /** Everything about this host that would make a build fail. */
  check(need: { output: string; scratch: string }): Promise<readonly Problem[]>;
  /** Takes a file as an image. Nothing is read or attached yet beyond what says what it is. */
  open(source: ByteSource): Promise<Image>;
  /** Attaches the image's HFS+ volume. Never cancelled half way. */
  attach(image: Image, options: { readOnly: boolean }, work: Work): Promise<Volume>;
  /**
   * 'sparse': a writable copy of the image. 'iso': the finished raw disk, written to the host path `to`.
   * A half-written `to` is the caller's to remove. `form` is for 'iso'.
   */
  convert(image: Image, format: ImageFormat, to: string | undefined, work: Work, form?: DiskForm): Promise<Image>;
  /** Bytes, or as small as the content allows. */
  resize(image: Image, size: number | 'minimum', work: Work): Promise<void>;
  /**
   * The plain bytes of pieces, made on another core: for readers of large encoded chunks. `room` is an earlier result that may be
   * overwritten.
   */
  make?(pieces: readonly Piece[], length: number, room?: Uint8Array): Promise<Uint8Array>;
  /** How many of them are made at the same time. */
  readonly threads?: number;
  /** Gives back what the image holds (a scratch file, open files). An attached volume must be closed before. */
  dispose(image: Image): Promise<void>;
}
