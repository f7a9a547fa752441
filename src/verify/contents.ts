import { chunks } from '../formats/bytes.js';
import { ChunkVerifier, parseChunklist, verifySignature } from '../formats/chunklist.js';
import { showPath } from '../formats/entry.js';
import { storedPath } from '../formats/hfsplus/names.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import { releaseOf, releases, releaseTitle } from '../releases.js';
import { readSystemVersion, type SystemVersion } from '../system-version.js';
import type { VerifyOptions } from './index.js';
import { checkKernel } from './kernel.js';
import type { Checks } from './report.js';

/** Everything the installer and the loader will look for. Returns which release it is. */
export async function checkContents(
  volume: HfsVolume,
  checks: Checks,
  options: VerifyOptions,
): Promise<Partial<SystemVersion>> {
  const system = await checks.attempt('release', () => readSystemVersion(volume));
  if (!system) return {};
  checks.pass('release', releaseTitle(system.version, system.build));
  const release = releaseOf(system.version);
  if (!release) {
    checks.fail(
      'release',
      `expected one of ${releases.map(({ version }) => version).join(', ')}, found ${system.version}`,
    );
    return system;
  }
  await checks.attempt('kernel', () => checkKernels(volume, release.kernels, checks));
  await checks.attempt('packages', () => checkPackages(volume, release.packages, checks));
  await checks.attempt('BaseSystem', () => checkBaseSystem(volume, checks, options));
  return system;
}

async function checkKernels(volume: HfsVolume, paths: readonly string[], checks: Checks): Promise<void> {
  for (const path of paths) {
    const kernel = await checkKernel(await volume.file(storedPath(path)));
    if (kernel.ok) checks.pass('kernel', `${path}: ${kernel.found}, ${kernel.size} bytes`);
    else checks.fail('kernel', `${path}, where the boot loader looks: expected a kernel, found ${kernel.found}`);
  }
}

async function checkPackages(volume: HfsVolume, path: string, checks: Checks): Promise<void> {
  const folder = await volume.entry(storedPath(path));
  if (folder?.kind !== 'folder') {
    checks.fail('packages', `${path}: expected a folder, found ${folder ? `a ${folder.kind}` : 'nothing'}`);
    return;
  }
  let packages = 0;
  let bytes = 0;
  let distribution = false;
  for await (const entry of volume.walk(folder.path)) {
    const name = entry.path.at(-1)!;
    if (name.endsWith('.pkg') && entry.path.length === folder.path.length + 1) packages++;
    if (name === 'OSInstall.mpkg' && (entry.data?.size ?? 0) > 0) distribution = true;
    bytes += entry.data?.size ?? 0;
  }
  if (!distribution)
    checks.fail('packages', `${path}/OSInstall.mpkg: expected the installer's distribution, found nothing`);
  if (packages === 0) checks.fail('packages', `${path}: expected packages, found none`);
  if (distribution && packages > 0) checks.pass('packages', `${path}: ${packages} packages, ${bytes} bytes`);
}

async function checkBaseSystem(volume: HfsVolume, checks: Checks, options: VerifyOptions): Promise<void> {
  const image = await volume.file(['BaseSystem.dmg']);
  const chunklist = await volume.file(['BaseSystem.chunklist']);
  if (!image || !chunklist) {
    const missing = image ? '/BaseSystem.chunklist' : '/BaseSystem.dmg';
    checks.fail('BaseSystem', `${missing}: expected a file, found nothing: the installer will call itself damaged`);
    return;
  }
  const bytes = await chunklist.read(0, chunklist.size);
  const list = parseChunklist(bytes, chunklist.name);
  if (list.totalSize !== image.size) {
    checks.fail(
      'BaseSystem',
      `/BaseSystem.dmg: expected ${list.totalSize} bytes, as its chunklist says, found ${image.size}`,
    );
    return;
  }
  const verifier = new ChunkVerifier(list, image.name);
  let done = 0;
  for await (const part of chunks(image)) {
    options.signal.throwIfAborted();
    verifier.update(part);
    done += part.length;
    options.report?.({ done, total: list.totalSize });
  }
  verifier.finish();
  const signature = verifySignature(list);
  const words = {
    valid: 'signed by Apple',
    absent: 'unsigned',
    unknown: 'signed by another key',
    invalid: 'badly signed',
  };
  const text = `/BaseSystem.dmg: all ${list.chunks.length} chunks match the chunklist (${words[signature]})`;
  if (signature === 'invalid') checks.fail('BaseSystem', text);
  else checks.pass('BaseSystem', text);
}

const CORE_SERVICES = ['System', 'Library', 'CoreServices'];
/** "MZ" of a PE file; or a fat EFI binary (0x0ef1fab9, little-endian). */
const EFI_MAGICS = ['4d5a', 'b9fa'];

/** The folder that firmware starts from must be CoreServices, with boot.efi in it. */
export async function checkBlessing(volume: HfsVolume, checks: Checks): Promise<void> {
  const finderInfo = volume.header.finderInfo;
  const folder = new DataView(finderInfo.buffer, finderInfo.byteOffset).getUint32(0);
  const core = await volume.lookup(CORE_SERVICES);
  const path = showPath(CORE_SERVICES);
  if (!core) {
    checks.fail('blessing', `${path}: expected a folder, found nothing`);
    return;
  }
  if (folder !== core.record.cnid) {
    checks.fail(
      'blessing',
      `expected the folder ${path} (CNID ${core.record.cnid}) to be blessed, found CNID ${folder}`,
    );
    return;
  }
  const efi = await volume.file([...CORE_SERVICES, 'boot.efi']);
  const magic = efi && efi.size > 64 ? Buffer.from(await efi.read(0, 2)).toString('hex') : 'nothing';
  if (!EFI_MAGICS.includes(magic)) {
    checks.fail('blessing', `${path}/boot.efi: expected an EFI program, found ${magic}`);
    return;
  }
  checks.pass('blessing', `${path} is blessed and has boot.efi`);
}
