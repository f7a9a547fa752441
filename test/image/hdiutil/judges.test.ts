import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Truth } from '../../../scripts/installer/truth.js';
import { expectedTree } from '../../helpers/built-iso.js';
import { sharedInstaller } from '../../helpers/installers.js';
import { FSCK_TOOLS, fsck } from '../../helpers/judges/fsck.js';
import { bootWithGrub, GRUB_BOOT_TOOLS, KERNEL_LEFT } from '../../helpers/judges/grub-boot.js';
import { needs } from '../../helpers/judges/needs.js';
import { SEVEN_ZIP_TOOLS, sevenZip } from '../../helpers/judges/seven-zip.js';
import { compareTrees } from '../../helpers/judges/tree.js';
import { LONG } from '../../helpers/long.js';
import { CommandLine, Mac } from '../../helpers/mac.js';
import { compileStandIn } from '../../helpers/stand-in.js';

// The ISO that the hdiutil engine makes, judged by the programs that judge the native engine's. The short run holds the two engines'
// ISOs against each other (build.test.ts).

describe.runIf(LONG)('its judges', () => {
  let mac: Mac;
  let iso: string;
  let truth: Truth;
  beforeAll(async () => {
    mac = new Mac(await compileStandIn());
    const cli = new CommandLine();
    const made = await sharedInstaller({ scale: 0.0005 });
    truth = made.truth!;
    iso = join(mac.out, 'x.iso');
    // Not root: a test of its own says that this is refused.
    const asRoot = process.geteuid?.() === 0;
    const argv = ['build', '--app', made.app, '-o', iso, '--engine', asRoot ? 'hdiutil' : 'native'];
    const { status, text } = await cli.run(mac, argv);
    expect({ status, text: status === 0 ? '' : text }).toEqual({ status: 0, text: '' });
  });
  afterAll(() => mac.remove());

  test('Apple’s fsck finds nothing', async (context) => {
    needs(context, ...FSCK_TOOLS);
    const { status, output } = await fsck(iso);
    expect(output).toContain('appears to be OK');
    expect(status).toBe(0);
  });

  test('7-Zip sees what the installer’s maker put in', async (context) => {
    needs(context, ...SEVEN_ZIP_TOOLS);
    const journal = (path: string) => path === '.journal' || path === '.journal_info_block';
    const { differences, hashes } = compareTrees(expectedTree(truth), await sevenZip(iso), journal);
    expect(differences).toEqual([]);
    expect(hashes).toBeGreaterThan(100);
  });

  test('it boots: GRUB starts the kernel of the package', async (context) => {
    needs(context, ...GRUB_BOOT_TOOLS);
    const { path, nonce } = truth.kernel;
    const boot = await bootWithGrub({ image: iso, kernelPath: path, bits: 64, nonce: 'hdiutil' });
    expect(boot.serial).toContain(`OSX-ISO KERNEL nonce=${nonce} bits=64`);
    expect(boot.status).toBe(KERNEL_LEFT);
  });
});
