import { showPath } from '../formats/entry.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import type { Release } from '../releases.js';
import type { Checks } from './report.js';

const CORE_SERVICES = ['System', 'Library', 'CoreServices'];
/** "MZ" of a PE file; or a fat EFI binary (0x0ef1fab9, little-endian). */
const EFI_MAGICS = ['4d5a', 'b9fa'];

/**
 * The folder that firmware starts from must be CoreServices, with boot.efi in it. On a disk of Apple's own, copied whole, boot.efi
 * may lie elsewhere, and what is not as firmware wants it is only said: Chameleon does not look at it.
 */
export async function checkBlessing(volume: HfsVolume, { whole }: Release, checks: Checks): Promise<void> {
  const finderInfo = volume.header.finderInfo;
  const blessed = new DataView(finderInfo.buffer, finderInfo.byteOffset).getUint32(0);
  const reasons: string[] = [];
  for (const folder of whole ? [CORE_SERVICES, []] : [CORE_SERVICES]) {
    const reason = await whyNot(volume, folder, blessed);
    if (reason === undefined) {
      checks.pass('blessing', `${showPath(folder)} is blessed and has boot.efi`);
      return;
    }
    reasons.push(reason);
  }
  if (whole) checks.pass('blessing', `as Apple made it, for the boot loader only: ${reasons[0]}`);
  else checks.fail('blessing', reasons[0]!);
}

async function whyNot(volume: HfsVolume, path: readonly string[], blessed: number): Promise<string | undefined> {
  const shown = showPath(path);
  const folder = await volume.lookup(path);
  if (!folder) return `${shown}: expected a folder, found nothing`;
  const { cnid } = folder.record;
  if (blessed !== cnid) return `expected the folder ${shown} (CNID ${cnid}) to be blessed, found CNID ${blessed}`;
  const efi = await volume.file([...path, 'boot.efi']);
  const magic = efi && efi.size > 64 ? Buffer.from(await efi.read(0, 2)).toString('hex') : 'nothing';
  if (EFI_MAGICS.includes(magic)) return undefined;
  return `${shown === '/' ? '' : shown}/boot.efi: expected an EFI program, found ${magic}`;
}
