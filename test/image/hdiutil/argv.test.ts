import { describe, expect, it } from 'vitest';
import { commandLine } from '../../../src/host/quote.js';
import {
  attachArgv,
  convertToRawArgv,
  convertToSparseArgv,
  copyArgv,
  detachArgv,
  imageInfoArgv,
  infoArgv,
  limitsArgv,
  resizeArgv,
  sizeText,
} from '../../../src/image/hdiutil/argv.js';

const GiB = 2 ** 30;
const app = '/Applications/Install OS X Yosemite.app/Contents/SharedSupport/InstallESD.dmg';

describe('every command, as it is run', () => {
  it.each([
    [
      attachArgv(app, { mountPoint: '/private/tmp/m/1', readOnly: true }),
      `hdiutil attach -plist -nobrowse -noverify -noautoopen -readonly -owners on -mountpoint /private/tmp/m/1 '${app}'`,
    ],
    [
      attachArgv('/w/t.sparseimage', { mountPoint: '/private/tmp/m/2', readOnly: false }),
      'hdiutil attach -plist -nobrowse -noverify -noautoopen -readwrite -owners on -mountpoint /private/tmp/m/2 /w/t.sparseimage',
    ],
    [detachArgv('/dev/disk4'), 'hdiutil detach /dev/disk4'],
    [detachArgv('/dev/disk4', { force: true }), 'hdiutil detach /dev/disk4 -force'],
    [
      convertToSparseArgv('/m/1/BaseSystem.dmg', '/w/t.sparseimage', { partitionMap: false }),
      'hdiutil convert /m/1/BaseSystem.dmg -format UDSP -o /w/t.sparseimage -puppetstrings',
    ],
    [
      convertToSparseArgv('/m/1/BaseSystem.dmg', '/w/t.sparseimage', { partitionMap: true }),
      'hdiutil convert /m/1/BaseSystem.dmg -format UDSP -pmap -o /w/t.sparseimage -puppetstrings',
    ],
    [
      convertToRawArgv('/w/t.sparseimage', "/Users/o'neil/x.cdr"),
      "hdiutil convert /w/t.sparseimage -format UDTO -o '/Users/o'\\''neil/x.cdr' -puppetstrings",
    ],
    [resizeArgv('/w/t.sparseimage', 8 * GiB), 'hdiutil resize -size 8g /w/t.sparseimage'],
    [resizeArgv('/w/t.sparseimage', 35224 * 512), 'hdiutil resize -size 35224b /w/t.sparseimage'],
    [limitsArgv('/w/t.sparseimage'), 'hdiutil resize -limits /w/t.sparseimage'],
    [infoArgv(), 'hdiutil info -plist'],
    [imageInfoArgv(app), `hdiutil imageinfo -plist '${app}'`],
  ])('%#', (argv, line) => {
    expect(commandLine('hdiutil', argv)).toBe(line);
  });

  it.each([
    [copyArgv('/m/1/Packages', '/m/3/S/Packages'), 'cp -pPR /m/1/Packages /m/3/S/Packages'],
    [copyArgv('/m/1/Packages', '/m/3/S/Packages', { merge: true }), 'cp -pPR /m/1/Packages/. /m/3/S/Packages'],
  ])('%#', (argv, line) => {
    expect(commandLine('cp', argv)).toBe(line);
  });
});

describe('sizeText', () => {
  it.each([
    [16 * GiB, '16g'],
    [100 * 2 ** 20, '100m'],
    [512, '1b'],
    [513, '2b'],
    [GiB + 512, `${2 ** 21 + 1}b`],
  ])('%d bytes are %s', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});
