import { realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { StepInfo } from '../core/events.js';
import { type Place, parsePlace, showPlace } from '../core/names.js';
import type { ByteSource } from '../formats/bytes.js';
import { openDisk, openVolume } from '../formats/disk.js';
import { commandLine } from '../host/quote.js';
import {
  attachArgv,
  convertToRawArgv,
  convertToSparseArgv,
  copyArgv,
  detachArgv,
  limitsArgv,
  resizeArgv,
} from '../image/hdiutil/argv.js';
import { needsMap } from '../image/hdiutil/partition-map.js';
import type { BuildPlan } from './plan.js';

/** Where a run puts its private folders; the last part of their names is chosen when it starts. */
export interface ScriptPlaces {
  readonly scratch: string;
  readonly mounts: string;
}

/** What a name of the recipe stands for in the script. */
interface Thing {
  readonly mount?: string;
  readonly device?: string;
  readonly image?: string;
  /** A package's payload. */
  readonly payload?: string;
  /** For reading ahead. */
  readonly source?: ByteSource;
  readonly scheme?: string;
}

/**
 * What a build with hdiutil would run, as lines for a shell, beside each step of the recipe: the argv are made by the functions that
 * make the real ones. Lines that start with "#" are what osx-iso does itself. The plan must still be open.
 */
export async function hdiutilScript(plan: BuildPlan, places?: ScriptPlaces): Promise<string[]> {
  return new Script(plan, places ?? (await usualPlaces(plan))).lines();
}

async function usualPlaces(plan: BuildPlan): Promise<ScriptPlaces> {
  const id = 'osx-iso-XXXXXXXXXXXX';
  return { scratch: join(plan.scratch ?? '', `.${id}`), mounts: join(await realpath(tmpdir()), id) };
}

class Script {
  readonly #things = new Map<string, Thing>();
  readonly #lines: string[] = [];
  #count = 0;
  #disks = 0;

  constructor(
    readonly plan: BuildPlan,
    readonly places: ScriptPlaces,
  ) {
    if (plan.kernel) this.#things.set('kernel', { payload: plan.kernel.name });
  }

  /** The ISO until it is proved. */
  get #partial(): string {
    const { iso } = this.plan.output;
    return join(dirname(iso), `.${basename(iso)}.partial`);
  }

  async lines(): Promise<string[]> {
    const { scratch, mounts } = this.places;
    this.#run('mkdir', ['-m', '700', scratch, mounts]);
    for (const step of this.plan.steps) {
      this.#lines.push('', `# ${step.index + 1}. ${step.verb} ${step.args.join(', ')}`, `# ${step.says}`);
      await this.#step(step);
    }
    this.#lines.push('');
    this.#run('rmdir', [mounts]);
    this.#run('rm', ['-r', scratch]);
    return this.#lines;
  }

  async #step({ verb, args }: StepInfo): Promise<void> {
    const [first = '', second = ''] = args;
    const option = (prefix: string) => args.find((arg) => arg.startsWith(`${prefix} `))?.slice(prefix.length + 1);
    switch (verb) {
      case 'attach':
        return this.#attach(first, option('as'), args.includes('read-only'));
      case 'detach':
        return this.#detach(first);
      case 'convert':
        return second === 'sparse' ? this.#toSparse(first, option('as') ?? '') : this.#toIso(first);
      case 'resize':
        return this.#resize(first, second);
      case 'remove':
      case 'make-way':
        this.#say('only if it is a symbolic link, and only while the volume is mounted:');
        return this.#run('rm', [this.#hostPath(first)]);
      case 'copy':
        return this.#copy(first, second);
      case 'open-package':
        this.#things.set(option('as') ?? '', { payload: first });
        return this.#say('read by osx-iso itself: xar, pbzx or gzip, cpio');
      case 'verify':
        return this.#run('osx-iso', ['verify', this.#partial]);
      case 'rename':
        return this.#run('mv', ['-n', this.#partial, this.plan.output.iso]);
      default:
        this.#say('by osx-iso itself');
    }
  }

  async #attach(place: string, as: string | undefined, readOnly: boolean): Promise<void> {
    const name = as ?? parsePlace(place).name;
    const known = as === undefined ? this.#thing(name) : await this.#imageAt(place);
    const mount = join(this.places.mounts, `${++this.#count}`);
    const device = `/dev/diskN${++this.#disks}`;
    this.#run('mkdir', ['-m', '700', mount]);
    this.#run('hdiutil', attachArgv(known.image ?? place, { mountPoint: mount, readOnly }));
    this.#things.set(name, { ...known, mount, device });
  }

  #detach(name: string): void {
    const { device, mount, payload: _payload, ...rest } = this.#thing(name);
    this.#things.set(name, rest);
    if (device === undefined || mount === undefined) {
      this.#say('nothing of this computer is taken');
      return;
    }
    this.#say(`${device}: what attach said; while it is busy again after a delay, in the end with -force`);
    this.#run('hdiutil', detachArgv(device));
    this.#run('rmdir', [mount]);
  }

  async #toSparse(place: string, as: string): Promise<void> {
    const { image = place, scheme = '' } = await this.#imageAt(place);
    const name = `${basename(image).replace(/\.[^.]*$/, '')}-${++this.#count}.sparseimage`;
    const copy = join(this.places.scratch, name);
    this.#run('hdiutil', convertToSparseArgv(image, copy, { partitionMap: needsMap(scheme) }));
    this.#things.set(as, { image: copy, scheme: needsMap(scheme) ? 'Apple' : scheme });
  }

  #toIso(name: string): void {
    const { image = name } = this.#thing(parsePlace(name).name);
    const partial = this.#partial;
    this.#run('hdiutil', convertToRawArgv(image, `${partial}.cdr`));
    this.#say(`by osx-iso itself: ${this.plan.mapTitle}, with room behind the last file`);
    this.#run('mv', [`${partial}.cdr`, partial]);
  }

  #resize(name: string, size: string): void {
    const { image = name } = this.#thing(name);
    this.#run('hdiutil', limitsArgv(image));
    if (size !== 'minimum') {
      this.#run('hdiutil', resizeArgv(image, Number.parseFloat(size) * 2 ** 30));
      return;
    }
    this.#say('MIN: the first number of what that printed last, and 64 sectors that boot loaders read ahead');
    this.#run(
      'hdiutil',
      resizeArgv(image, 512).map((word) => (word === '1b' ? 'MINb' : word)),
    );
  }

  #copy(from: string, to: string): void {
    const { name } = parsePlace(from);
    const { mount } = this.#thing(name);
    if (mount === undefined) {
      this.#say(`by osx-iso itself: ${from} to ${this.#hostPath(to)}`);
      return;
    }
    this.#run('cp', copyArgv(this.#hostPath(from), this.#hostPath(to)));
    this.#say('then owners, modes and sizes are compared');
  }

  /** The image file at a place, with how it is partitioned. */
  async #imageAt(place: string): Promise<Thing> {
    const parsed = parsePlace(place);
    const source = await this.#sourceAt(parsed);
    const image = parsed.name === 'app' ? (source?.hostPath ?? showPlace(parsed)) : this.#hostPath(place);
    if (!source) return { image };
    const { scheme } = (await openDisk(source)).map;
    return { image, source, scheme: { apm: 'Apple', gpt: 'GUID', mbr: 'fdisk', none: 'none' }[scheme] };
  }

  async #sourceAt({ name, path }: Place): Promise<ByteSource | undefined> {
    if (name === 'app') return this.plan.installer.files.file(path);
    const { source } = this.#thing(name);
    return source && (await openVolume(await openDisk(source))).volume.file(path);
  }

  #hostPath(place: string): string {
    const { name, path } = parsePlace(place);
    return join(this.#thing(name).mount ?? name, ...path.map((part) => part.replaceAll('/', ':')));
  }

  #thing(name: string): Thing {
    return this.#things.get(name) ?? {};
  }

  #run(file: string, argv: readonly string[]): void {
    this.#lines.push(commandLine(file, argv));
  }

  #say(text: string): void {
    this.#lines.push(`# ${text}`);
  }
}
