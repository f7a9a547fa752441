import type { Severity } from '../findings.js';
import type { PlistPlace, PlistPlaces } from '../places.js';
import { asArray, asDict, type PlistDict, type PlistValue, plistGet } from '../plist.js';
import type { ConfigCode, Mend, TextEdit } from './findings.js';
import { failsafeOf } from './key.js';
import { CONFIG } from './keys/index.js';
import { type ConfigPath, followConfigPath, showConfigPath } from './path.js';
import { keyOf, xmlOf } from './xml.js';

/** A finding before lines are counted. */
export interface Note {
  readonly severity: Severity;
  readonly code: ConfigCode;
  /** Characters from the start of the text. */
  readonly at: number;
  readonly message: string;
  readonly key?: string;
  readonly mend?: Mend;
}

/** What lies beside a config.plist: the folder EFI it is in. */
export interface EfiFolder {
  /** Every file, as "OC/Drivers/OpenRuntime.efi". */
  readonly files: readonly string[];
  /** The bytes of kexts' property lists, by their path. */
  readonly infos: ReadonlyMap<string, Uint8Array>;
}

/** A disk that is to be started, as OpenCore's drivers see it. */
export interface Medium {
  readonly name: string;
  /** Scheme of its partition map. */
  readonly map: 'apm' | 'gpt' | 'mbr' | 'none';
  /** Why they do not see the volume; undefined where they do. */
  readonly blind?: string | undefined;
  /** What OpenHfsPlus stumbles over on the volume, as sentences. */
  readonly stumbles: readonly string[];
}

/** What is known besides the text. */
export interface JudgeOptions {
  readonly folder?: EfiFolder;
  readonly medium?: Medium;
  /** OpenCore's, "1.0.5": which keys it has. */
  readonly version?: string;
}

/** A configuration that is being judged: its values, where they are, and what was found. */
export class Judge {
  readonly notes: Note[] = [];
  readonly #files: ReadonlySet<string> | undefined;

  constructor(
    readonly text: string,
    readonly config: PlistDict,
    readonly places: PlistPlaces,
    readonly options: JudgeOptions,
  ) {
    const { folder } = options;
    // FAT tells no cases apart.
    this.#files = folder && new Set(folder.files.map((path) => path.toLowerCase()));
  }

  /** Says something about a value; `mend` is what --fix makes of it. */
  note(severity: Severity, code: ConfigCode, path: ConfigPath, message: string, mend?: Mend): void {
    const key = showConfigPath(path);
    this.notes.push({ severity, code, at: this.at(path), message, key, ...(mend && { mend }) });
  }

  /** A value, or what OpenCore takes without it; undefined where the table has no such key. */
  value(path: string): PlistValue | undefined {
    const found = plistGet(this.config, ...path.split('/'));
    if (found !== undefined) return found;
    const { key, lost } = followConfigPath(CONFIG, path);
    return lost ? undefined : failsafeOf(key);
  }

  /** The entries of a list that are dicts, with their paths. */
  entries(path: string): { readonly entry: PlistDict; readonly path: ConfigPath; readonly enabled: boolean }[] {
    const parts = path.split('/');
    return (asArray(plistGet(this.config, ...parts)) ?? []).flatMap((value, i) => {
      const entry = asDict(value);
      return entry ? [{ entry, path: [...parts, i], enabled: entry.Enabled === true }] : [];
    });
  }

  /** Whether a file lies in the folder EFI; undefined where it is not known. */
  hasFile(path: string): boolean | undefined {
    return this.#files?.has(path.toLowerCase());
  }

  /** Where the value at a path stands; of one that is not there, what it would be in. */
  at(path: ConfigPath): number {
    const place = this.placeOf(path);
    if (place) return place.keyAt ?? place.at;
    return path.length === 0 ? this.places.root.at : this.at(path.slice(0, -1));
  }

  placeOf(path: ConfigPath): PlistPlace | undefined {
    const step = path.at(-1);
    if (step === undefined) return this.places.root;
    const container = path.length === 1 ? this.config : plistGet(this.config, ...path.slice(0, -1));
    return typeof container === 'object' && container !== null ? this.places.of(container, step) : undefined;
  }

  /** The mending that gives a key this value, whether it is there or not; undefined where there is nothing to put it into. */
  setting(path: ConfigPath, value: PlistValue, why = ''): Mend | undefined {
    const shown = typeof value === 'object' ? '' : ` is ${value}`;
    const does = `${showConfigPath(path)}${shown === '' ? ' is there' : shown}${why}`;
    const place = this.placeOf(path);
    const about = showConfigPath(path);
    if (place)
      return { about, does, edits: [{ from: place.at, to: place.end, text: xmlOf(value, this.indentAt(place.at)) }] };
    const edit = this.#insertion(path, value);
    return edit && { about, does, edits: [edit] };
  }

  /** Takes a key and its value, or an entry of a list, out of the text, with the line they stand on. */
  removal(place: PlistPlace): TextEdit {
    const start = place.keyAt ?? place.at;
    const before = /\n?[ \t]*$/.exec(this.text.slice(Math.max(0, start - 200), start))![0].length;
    return { from: start - before, to: place.end, text: '' };
  }

  /** The blanks in front of what stands at a place. */
  indentAt(at: number): string {
    const line = this.text.slice(this.text.lastIndexOf('\n', at - 1) + 1, at);
    return /^[ \t]*/.exec(line)![0];
  }

  /** Puts a key into its dict, in front of the first that sorts behind it. */
  #insertion(path: ConfigPath, value: PlistValue): TextEdit | undefined {
    const name = path.at(-1);
    const parent = path.length === 1 ? this.config : asDict(plistGet(this.config, ...path.slice(0, -1)));
    const around = this.placeOf(path.slice(0, -1));
    if (!parent || !around || typeof name !== 'string') return undefined;
    const places = [...this.places.all(parent)];
    if (places.length === 0) {
      const indent = this.indentAt(around.at);
      return { from: around.at, to: around.end, text: xmlOf({ [name]: value }, indent) };
    }
    const next = places.find(([key]) => typeof key === 'string' && key > name)?.[1];
    const indent = this.indentAt(places[0]![1].keyAt!);
    const written = `${keyOf(name)}\n${indent}${xmlOf(value, indent)}`;
    if (next) return { from: next.keyAt!, to: next.keyAt!, text: `${written}\n${indent}` };
    const { end } = places.at(-1)![1];
    return { from: end, to: end, text: `\n${indent}${written}` };
  }
}
