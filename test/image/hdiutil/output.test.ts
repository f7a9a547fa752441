import { describe, expect, it } from 'vitest';
import { StepError, UserError } from '../../../src/errors.js';
import {
  mountedVolume,
  parseEntities,
  parseImageInfo,
  parseInfo,
  parseLimits,
  parsePercent,
  plistIn,
  wholeDisk,
} from '../../../src/image/hdiutil/output.js';

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n';
const plist = (text: string) => `${HEAD}${text}\n</plist>\n`;
const dict = (pairs: Record<string, string>) =>
  `<dict>${Object.entries(pairs)
    .map(([key, value]) => `<key>${key}</key>${value}`)
    .join('')}</dict>`;
const text = (value: string) => `<string>${value}</string>`;

/** As others have published it: slices first, keys in no fixed order. */
const ATTACHED = plist(
  `<dict><key>system-entities</key><array>${[
    dict({
      'content-hint': text('Apple_partition_map'),
      'dev-entry': text('/dev/disk3s1'),
      'potentially-mountable': '<false/>',
    }),
    dict({ 'dev-entry': text('/dev/disk3'), 'content-hint': text('Apple_partition_scheme') }),
    dict({
      'volume-kind': text('hfs'),
      'mount-point': text('/private/tmp/dmg.BhfS2g'),
      'content-hint': text('Apple_HFS'),
      'dev-entry': text('/dev/disk3s2'),
    }),
  ].join('')}</array></dict>`,
);

describe('attach -plist', () => {
  it('is read in any order of entities and keys', () => {
    const entities = parseEntities(plistIn(ATTACHED, 'attach'));
    expect(wholeDisk(entities)).toBe('/dev/disk3');
    expect(mountedVolume(entities)).toEqual({
      device: '/dev/disk3s2',
      hint: 'Apple_HFS',
      kind: 'hfs',
      mountPoint: '/private/tmp/dmg.BhfS2g',
    });
  });

  it('is found behind a licence and warnings, and before trailing lines', () => {
    const noisy = `Licence\nhdiutil: WARNING: -passphrase has been deprecated\nAgree (Y/n)? ${ATTACHED}done\n`;
    expect(parseEntities(plistIn(noisy, 'attach'))).toHaveLength(3);
  });

  it('takes GUIDs for types, an image without a map, entities without keys', () => {
    const guid = parseEntities(
      plistIn(
        plist(
          `<dict><key>system-entities</key><array>${dict({ 'dev-entry': text('/dev/disk12s2'), 'content-hint': text('48465300-0000-11AA-AA11-00306543ECAC'), 'mount-point': text('/m') })}<dict/></array></dict>`,
        ),
        'attach',
      ),
    );
    expect(guid).toEqual([{ device: '/dev/disk12s2', hint: 'Apple_HFS', mountPoint: '/m' }]);
    expect(wholeDisk(guid)).toBe('/dev/disk12');
    expect(wholeDisk([{ device: '/dev/disk4', hint: 'Apple_HFS', mountPoint: '/m' }])).toBe('/dev/disk4');
    expect(wholeDisk([])).toBeUndefined();
  });

  it('prefers the volume at our mount point, then an HFS+ one', () => {
    const entities = [
      { device: '/dev/disk3s1', hint: 'EFI', mountPoint: '/Volumes/EFI', kind: 'msdos' },
      { device: '/dev/disk3s2', hint: 'Apple_HFS', mountPoint: '/m', kind: 'hfs' },
    ];
    expect(mountedVolume(entities)?.mountPoint).toBe('/m');
    expect(mountedVolume(entities, '/Volumes/EFI')?.mountPoint).toBe('/Volumes/EFI');
    expect(mountedVolume([{ device: '/dev/disk3', hint: '' }])).toBeUndefined();
  });

  it('that is no property list is a StepError that shows it', () => {
    expect(() => plistIn('/dev/disk3\tApple_HFS\t/m\n', 'attach')).toThrow(
      /expected a property list, found "\/dev\/disk3/,
    );
    expect(() => plistIn('', 'attach')).toThrow(/found nothing/);
    expect(() => plistIn(`${HEAD}<dict>`, 'attach')).toThrow(UserError);
  });
});

describe('info -plist', () => {
  it('lists images; an idle system has none', () => {
    const images = `<array>${dict({ 'image-path': text('/a.dmg'), 'system-entities': `<array>${dict({ 'dev-entry': text('/dev/disk2') })}</array>` })}${dict({ 'image-type': text('x') })}</array>`;
    expect(parseInfo(plistIn(plist(dict({ images })), 'info'))).toEqual([
      { image: '/a.dmg', entities: [{ device: '/dev/disk2', hint: '' }] },
    ]);
    expect(parseInfo(plistIn(plist(dict({ images: '<array/>' })), 'info'))).toEqual([]);
    expect(parseInfo(plistIn(plist('<dict/>'), 'info'))).toEqual([]);
  });
});

describe('imageinfo -plist', () => {
  it('takes booleans of UDIF and strings of raw images', () => {
    const info = (encrypted: string) =>
      plist(
        dict({
          Format: text('UDZO'),
          Properties: dict({ Encrypted: encrypted }),
          'Size Information': dict({
            'Total Bytes': '<integer>1337</integer>',
            'Total Non-Empty Bytes': '<integer>42</integer>',
          }),
          partitions: dict({ 'partition-scheme': text('GUID') }),
        }),
      );
    const known = { format: 'UDZO', totalBytes: 1337, nonEmptyBytes: 42, scheme: 'GUID' };
    expect(parseImageInfo(plistIn(info('<false/>'), 'imageinfo'))).toEqual({ ...known, encrypted: false });
    expect(parseImageInfo(plistIn(info('<string>no</string>'), 'imageinfo'))).toEqual({ ...known, encrypted: false });
    expect(parseImageInfo(plistIn(info('<true/>'), 'imageinfo')).encrypted).toBe(true);
    expect(parseImageInfo(plistIn(plist('<dict/>'), 'imageinfo'))).toEqual({
      format: '',
      scheme: '',
      encrypted: false,
    });
  });
});

describe('resize -limits', () => {
  it.each([
    ['409600\t409600\t267442120\n', [409600, 409600, 267442120]],
    [' min \t cur \t max \n409600\t409600\t267442120\n', [409600, 409600, 267442120]],
    ['warning 1 2\n 10 20 30 \n10 20 30 40\ndone\n', [10, 20, 30]],
  ])('%j', (stdout, [minimum, current, maximum]) => {
    expect(parseLimits(stdout)).toEqual({ minimum: minimum! * 512, current: current! * 512, maximum: maximum! * 512 });
  });

  it('caps the maximum of a sparse bundle, which is more bytes than can be counted', () => {
    const limits = parseLimits('419168256\t419430400\t18014398509481983\n');
    expect(limits).toEqual({ minimum: 419168256 * 512, current: 419430400 * 512, maximum: Number.MAX_SAFE_INTEGER });
  });

  it.each(['', 'hdiutil: resize: failed', '1 2', '0 2 3', '-1 2 3'])('%j is a StepError', (stdout) => {
    expect(() => parseLimits(stdout)).toThrow(StepError);
  });
});

it.each([
  ['PERCENT:42.000000', 42],
  ['PERCENT:-1.000000', 'unknown'],
  ['PERCENT:-1', 'unknown'],
  ['PERCENT:120', 100],
  ['MESSAGE:Reading', undefined],
  ['created: /tmp/x.cdr', undefined],
])('-puppetstrings: %s', (line, percent) => {
  expect(parsePercent(line)).toBe(percent);
});
