import type { ByteSource } from '../../src/formats/bytes.js';
import { fromBytes } from '../../src/formats/bytes.js';
import type { Path } from '../../src/formats/entry.js';
import type { Contents } from './content.js';
import { cpioSource } from './cpio-source.js';
import type { MadeEntry } from './entries.js';
import { distribution } from './esd-tree.js';
import type { Faults, PayloadCoding } from './options.js';
import { flatPackage, xarSource } from './package.js';
import { mediaPayload, systemPayload } from './package-trees.js';
import { packageSizes } from './packages.js';
import { payload, type Stretch } from './payload.js';
import type { Release, ReleaseName } from './releases.js';

/** What the packages of an installer are made from. */
export interface PackagesDetails {
  readonly releaseName: ReleaseName;
  readonly release: Release;
  readonly scale: number;
  readonly seed: number;
  readonly contents: Contents;
  readonly coding: PayloadCoding;
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
  for (const { name, bytes } of sizes) {
    details.report(name);
    const title = name.replace(/\.pkg$/, '');
    const wanted = Math.max(LEAST_BYTES, Math.round(bytes * scale));
    const hasKernel = name === (details.faults.kernelIn ?? release.kernelPackage);
    const options = { name: title, seed, scale, bytes: wanted, contents, kernelPath: release.kernelPath, kernel };
    const entries = hasKernel ? systemPayload(options) : mediaPayload(title, wanted, contents, seed);
    if (hasKernel) withKernel = entries;
    files.set(name, await onePackage(title, entries, hasKernel ? release.kernelPath : undefined, details));
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
  kernelPath: Path | undefined,
  { release, contents, coding }: PackagesDetails,
): Promise<ByteSource> {
  const archive = await cpioSource(entries, `${name} payload`);
  const index = kernelPath ? entries.findIndex((entry) => entry.path.join('/') === kernelPath.join('/')) : -1;
  const code: Stretch | undefined =
    index < 0 ? undefined : { offset: archive.starts[index] ?? 0, length: entries[index]?.data?.size ?? 0 };
  const installed = entries.reduce((sum, entry) => sum + (entry.data?.size ?? 0), 0);
  const details = { name, version: release.version, files: entries.length, installed };
  // bzip2 is slow here and rare there: only the package that is looked into has it.
  const form = coding === 'bzip2' && !kernelPath ? 'gzip' : coding;
  return flatPackage(details, await payload(archive.source, form, code), contents);
}
