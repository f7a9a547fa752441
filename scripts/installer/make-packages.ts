import type { ByteSource } from '../../src/formats/bytes.js';
import { fromBytes } from '../../src/formats/bytes.js';
import { makeBom } from './bom.js';
import type { Contents } from './content.js';
import { cpioSource } from './cpio-source.js';
import type { MadeEntry } from './entries.js';
import { distribution } from './esd-tree.js';
import { firmwarePayload } from './firmware.js';
import type { Faults, PayloadCoding } from './options.js';
import { flatPackage, xarSource } from './package.js';
import { mediaPayload, systemPayload } from './package-trees.js';
import { type PackageSize, packageSizes } from './packages.js';
import { encodePayload } from './payload.js';
import type { Release, ReleaseName } from './releases.js';
import type { Spool } from './spool.js';

/** What the packages of an installer are made from. */
export interface PackagesDetails {
  readonly releaseName: ReleaseName;
  readonly release: Release;
  readonly scale: number;
  readonly seed: number;
  readonly contents: Contents;
  readonly coding: PayloadCoding;
  /** Where payloads wait, encoded. */
  readonly spool: Spool;
  readonly faults: Faults;
  /** Absent: the package that should have it has an empty folder. */
  readonly kernel: ByteSource | undefined;
  readonly report: (name: string) => void;
}

const LEAST_BYTES = 20_000;

/** All that lies in InstallESD's folder Packages, by name, and what the package with the kernel will unpack. */
export async function makePackages(
  details: PackagesDetails,
): Promise<{ files: Map<string, ByteSource>; withKernel: readonly MadeEntry[] }> {
  const { release, scale, seed, contents, kernel } = details;
  const files = new Map<string, ByteSource>();
  let withKernel: readonly MadeEntry[] = [];
  const sizes = packageSizes[details.releaseName];
  for (const size of sizes) {
    const { name, bytes } = size;
    details.report(name);
    const title = name.replace(/\.pkg$/, '');
    const wanted = Math.max(LEAST_BYTES, Math.round(bytes * scale));
    const hasKernel = name === (details.faults.kernelIn ?? release.kernelPackage);
    const options = { name: title, seed, scale, bytes: wanted, contents, kernelPath: release.kernelPath, kernel };
    // The package that holds a system is the large one, whether or not the kernel is in it.
    const system = hasKernel || name === 'Essentials.pkg';
    const entries = system
      ? systemPayload({ ...options, hasKernel })
      : size.holds === 'firmware'
        ? firmwarePayload(title, wanted, contents, seed)
        : mediaPayload(title, wanted, contents, seed);
    if (hasKernel) withKernel = entries;
    files.set(name, await onePackage(title, entries, size, details));
  }
  const names = sizes.map(({ name }) => name);
  const text = fromBytes(Buffer.from(distribution(release, names)), 'Distribution');
  files.set(
    'OSInstall.mpkg',
    await xarSource('OSInstall.mpkg', [{ name: 'Distribution', content: text, compress: true }]),
  );
  return { files, withKernel };
}

async function onePackage(
  name: string,
  entries: readonly MadeEntry[],
  { bytes, stored }: PackageSize,
  { release, contents, coding, faults, spool }: PackagesDetails,
): Promise<ByteSource> {
  const installed = entries.reduce((sum, entry) => sum + (entry.data?.size ?? 0), 0);
  const details = { name, version: release.version, files: entries.length, installed };
  const bom = await makeBom(entries);
  if (bytes === 0) return flatPackage(details, bom, undefined, contents);
  const plain = await cpioSource(entries, `${name} payload`);
  const form = stored && faults.payload === undefined ? 'cpio' : coding;
  return flatPackage(details, bom, await spool.keep('Payload', encodePayload(plain, form)), contents);
}
