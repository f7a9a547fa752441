import { chameleonParses, type LoaderConfig } from '../../chameleon-reader.js';
import { BiosDisk } from './bios-disk.js';
import { HfsReader } from './hfs-reader.js';
import { scanVolumes } from './partitions.js';

/** A file as it lies in the loader's memory. */
export interface Loaded {
  readonly path: string;
  readonly bytes: Buffer;
}

/** How a start ends. 'waits': at the prompt, for ever. */
export type Outcome = 'starts' | 'waits' | 'no volume' | 'no kernel' | 'bad kernel';

export interface Start {
  readonly outcome: Outcome;
  readonly label?: string;
  /** ProductVersion of the volume. */
  readonly version?: string;
  readonly plist?: Loaded;
  /** What would be jumped into, a kernel or a kernel cache. */
  readonly kernel?: Loaded;
  /** The kernel is the one in this cache. */
  readonly cache: boolean;
  /** Every file under /Extra the loader asks for on its way. */
  readonly extra: readonly Loaded[];
  /** What the loader says. */
  readonly console: readonly string[];
}

const PLIST = '/Extra/org.chameleon.Boot.plist';
const SYSTEM_VERSION = '/System/Library/CoreServices/SystemVersion.plist';
const BOOT_CONFIG = '/Library/Preferences/SystemConfiguration/com.apple.Boot.plist';
const EXTENSIONS = '/System/Library/Extensions';
const STARTUP = '/System/Library/Caches/com.apple.kext.caches/Startup';
const PRELINKED = '/System/Library/PrelinkedKernels/prelinkedkernel';
const NEW_FOLDER = '/System/Library/Kernels/';

/**
 * A model of Chameleon: what it reads of a disk with one volume of OS X, and whether it starts the kernel by itself. Written from its
 * public source's behaviour and from measurements with Enoch r2839, not from src/: it is there to disagree.
 */
export function startWithChameleon(path: string): Start {
  const disk = new BiosDisk(path);
  try {
    const [scanned] = scanVolumes(disk);
    const volume = scanned && HfsReader.mount(disk, scanned.start);
    if (!volume) return { outcome: 'no volume', cache: false, extra: [], console: disk.console };
    return start(volume, disk.console);
  } finally {
    disk.close();
  }
}

function start(volume: HfsReader, console: string[]): Start {
  const extra: Loaded[] = [];
  const load = (path: string): Loaded | undefined => {
    const bytes = volume.read(path);
    if (!bytes) return undefined;
    const loaded = { path, bytes };
    if (path.startsWith('/Extra/')) extra.push(loaded);
    return loaded;
  };
  const config = (path: string) => chameleonParses(load(path)?.bytes ?? Buffer.alloc(0));

  const version = config(SYSTEM_VERSION).getString('ProductVersion');
  const plist = load(PLIST);
  const settings = chameleonParses(plist?.bytes ?? Buffer.alloc(0));
  const common = { label: volume.label, ...(version && { version }), ...(plist && { plist }), extra, console };
  if (settings.timeout() === 'for ever') return { ...common, outcome: 'waits', cache: false };

  const choice = chooseKernel(version ?? '', settings, config(BOOT_CONFIG));
  const cached = choice.cache === undefined ? undefined : freshCache(volume, choice.cache, choice.asWritten, console);
  const said = console.length;
  const kernel = load(cached ?? choice.path);
  // The loader goes on with what it has; what was not read is missing in the kernel.
  const whole = console.length === said;
  if (!kernel?.bytes.length) {
    console.push(`Can't find boot file: '${choice.path}'`);
    return { ...common, outcome: 'no kernel', cache: false };
  }
  const decoded = decodes(kernel.bytes);
  const good = decoded && whole;
  if (!decoded) console.push('Decoding kernel failed.');
  loadExtra(volume, load);
  return { ...common, kernel, cache: cached !== undefined, outcome: good ? 'starts' : 'bad kernel' };
}

/** Whether DecodeKernel takes it: a Mach-O whose load commands are in it, a fat file, a compressed kernel of which nothing is cut off. */
function decodes(bytes: Buffer): boolean {
  if (bytes.length < 4096) return false;
  switch (bytes.toString('hex', 0, 4)) {
    case 'cafebabe': {
      const slices = bytes.readUInt32BE(4);
      return slices > 0 && slices <= 8 && bytes.readUInt32BE(16) + bytes.readUInt32BE(20) <= bytes.length;
    }
    case 'cefaedfe':
    case 'cffaedfe': {
      const [count, size] = [bytes.readUInt32LE(16), bytes.readUInt32LE(20)];
      return count > 0 && count * 8 <= size && size <= bytes.length;
    }
    // "comp", then the coding, adler32, both sizes (drivers.c: compressed_kernel_header).
    case '636f6d70':
      return /^lz(ss|vn)$/.test(bytes.toString('latin1', 4, 8)) && bytes.readUInt32BE(16) + 384 <= bytes.length;
    default:
      return false;
  }
}

/** boot.c and options.c: which file is the kernel, and where a cache is looked for. */
function chooseKernel(version: string, chameleon: LoaderConfig, system: LoaderConfig) {
  const minor = Number(version.split('.')[1] ?? 0);
  const modern = version.startsWith('10.') && minor >= 10;
  const key = (name: string) => chameleon.getString(name) || system.getString(name);
  const asWritten = key('Kernel') ?? (modern ? 'kernel' : 'mach_kernel');
  const path = asWritten.startsWith('/') ? asWritten : `${modern ? NEW_FOLDER : '/'}${asWritten}`;
  const own = key('Kernel Cache')?.replaceAll('\\', '/');
  // Another name than the two usual ones turns the cache off.
  const usual = asWritten === 'kernel' || asWritten === 'mach_kernel';
  const off = chameleon.getBool('UseKernelCache') === false || (!usual && own === undefined);
  const byRelease = modern ? PRELINKED : minor >= 7 ? `${STARTUP}/kernelcache` : undefined;
  return { path, asWritten, cache: off ? undefined : (own ?? byRelease) };
}

/** The cache's path where it is there and nothing it stands for was changed after it. */
function freshCache(volume: HfsReader, path: string, kernel: string, console: string[]): string | undefined {
  const cache = volume.info(path);
  if (cache?.kind !== 'file') return undefined;
  // The kernel's name is not given its folder first: from 10.10 on this looks for /kernel.
  for (const [other, kind] of [[kernel, 'file'] as const, [EXTENSIONS, 'folder'] as const]) {
    const found = volume.info(other.startsWith('/') ? other : `/${other}`);
    if (found?.kind !== kind || found.modified <= cache.modified) continue;
    console.push(`'${other}' is more recent than Kernel Cache '${path}'! Ignoring Kernel Cache.`);
    return undefined;
  }
  return path;
}

/** drivers.c: the kexts of /Extra/Extensions and their programs; smbios.c. */
function loadExtra(volume: HfsReader, load: (path: string) => Loaded | undefined): void {
  load('/Extra/smbios.plist');
  for (const { name, kind } of volume.list('/Extra/Extensions') ?? []) {
    if (kind !== 'folder' || !name.endsWith('.kext')) continue;
    const bundle = `/Extra/Extensions/${name}`;
    const inside = volume.info(`${bundle}/Contents`) ? `${bundle}/Contents/` : `${bundle}/`;
    const info = chameleonParses(load(`${inside}Info.plist`)?.bytes ?? Buffer.alloc(0));
    const program = info.getString('CFBundleExecutable');
    if (program !== undefined) load(`${inside}${inside.endsWith('/Contents/') ? 'MacOS/' : ''}${program}`);
  }
}
