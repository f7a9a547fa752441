import type { Path } from '../../src/formats/entry.js';
import type { Texture } from './content.js';
import { Random } from './random.js';

/** A file or link of the bulk of a system, before its size is settled. */
export type Planned =
  | {
      readonly kind: 'file';
      readonly path: Path;
      readonly texture: Texture;
      readonly weight: number;
      readonly mode?: number;
    }
  | { readonly kind: 'symlink'; readonly path: Path; readonly target: string };

const SYLLABLES = 'al an be cor da el fen go hu il ka lor mi na or pel qua ri so tan ul ve wy xen yo zar'.split(' ');
const LANGUAGES = [
  'English',
  'German',
  'French',
  'Japanese',
  'Spanish',
  'Italian',
  'Dutch',
  'ko',
  'pt',
  'ru',
  'sv',
  'zh_CN',
];

/**
 * The bulk of a system of about `count` files: kernel extensions, frameworks, applications, daemons, fonts, commands, each
 * shaped as a bundle of its kind is, all with made-up names. Weights say how large the files are beside each other.
 */
export function bulk(seed: number, count: number): Planned[] {
  const dice = new Random(seed);
  const planned: Planned[] = [];
  const taken = new Set<string>();
  const name = () => {
    for (;;) {
      const word = Array.from({ length: dice.between(2, 4) }, () => dice.pick(SYLLABLES)).join('');
      const title = word.charAt(0).toUpperCase() + word.slice(1);
      if (taken.has(title)) continue;
      taken.add(title);
      return title;
    }
  };
  const makers = [
    kext,
    kext,
    framework,
    framework,
    privateFramework,
    privateFramework,
    application,
    daemon,
    font,
    command,
  ];
  while (planned.length < count) dice.pick(makers)(dice, name(), planned);
  return planned;
}

type Maker = (dice: Random, name: string, to: Planned[]) => void;

const binary = (dice: Random, path: Path): Planned => ({
  kind: 'file',
  path,
  texture: 'code',
  weight: dice.size(13, 19),
  mode: 0o755,
});

const text = (dice: Random, path: Path, least = 8, most = 13): Planned => ({
  kind: 'file',
  path,
  texture: 'text',
  weight: dice.size(least, most),
});

const kext: Maker = (dice, name, to) => {
  const contents = ['System', 'Library', 'Extensions', `${name}.kext`, 'Contents'];
  to.push(
    text(dice, [...contents, 'Info.plist'], 10, 13),
    binary(dice, [...contents, 'MacOS', name]),
    text(dice, [...contents, '_CodeSignature', 'CodeResources']),
    text(dice, [...contents, 'Resources', 'English.lproj', 'InfoPlist.strings'], 7, 9),
    text(dice, [...contents, 'version.plist'], 8, 9),
  );
};

const frameworkIn =
  (folder: string): Maker =>
  (dice, name, to) => {
    const top = ['System', 'Library', folder, `${name}.framework`];
    const version = [...top, 'Versions', 'A'];
    to.push(binary(dice, [...version, name]), text(dice, [...version, 'Resources', 'Info.plist'], 9, 12));
    for (let i = dice.below(LANGUAGES.length / 2); i >= 0; i--) {
      const language = [...version, 'Resources', `${LANGUAGES[i]}.lproj`];
      to.push(
        text(dice, [...language, 'InfoPlist.strings'], 7, 9),
        text(dice, [...language, 'Localizable.strings'], 9, 15),
        text(dice, [...language, `${name}.strings`], 9, 14),
      );
    }
    for (let i = dice.below(4); i > 0; i--) {
      const path = [...version, 'Resources', `${name}${i}.tiff`];
      to.push({ kind: 'file', path, texture: dice.chance(300) ? 'noise' : 'code', weight: dice.size(10, 15) });
    }
    to.push(
      text(dice, [...version, '_CodeSignature', 'CodeResources'], 10, 14),
      { kind: 'symlink', path: [...top, 'Versions', 'Current'], target: 'A' },
      { kind: 'symlink', path: [...top, name], target: `Versions/Current/${name}` },
      { kind: 'symlink', path: [...top, 'Resources'], target: 'Versions/Current/Resources' },
    );
  };
const framework = frameworkIn('Frameworks');
const privateFramework = frameworkIn('PrivateFrameworks');

const application: Maker = (dice, name, to) => {
  const contents = ['Applications', 'Utilities', `${name}.app`, 'Contents'];
  to.push(
    text(dice, [...contents, 'Info.plist'], 10, 12),
    text(dice, [...contents, 'PkgInfo'], 3, 4),
    binary(dice, [...contents, 'MacOS', name]),
    { kind: 'file', path: [...contents, 'Resources', `${name}.icns`], texture: 'noise', weight: dice.size(13, 17) },
  );
  for (let i = dice.below(LANGUAGES.length / 2); i >= 0; i--) {
    const path = [...contents, 'Resources', `${LANGUAGES[i]}.lproj`, 'MainMenu.nib'];
    to.push({ kind: 'file', path, texture: 'code', weight: dice.size(12, 16) });
  }
};

const daemon: Maker = (dice, name, to) => {
  to.push(
    text(dice, ['System', 'Library', 'LaunchDaemons', `org.osx-iso.${name.toLowerCase()}.plist`], 9, 11),
    binary(dice, ['usr', 'libexec', name.toLowerCase()]),
    text(dice, ['usr', 'share', 'man', 'man8', `${name.toLowerCase()}.8`], 10, 14),
  );
};

const font: Maker = (dice, name, to) => {
  to.push({
    kind: 'file',
    path: ['System', 'Library', 'Fonts', `${name}.ttc`],
    texture: 'code',
    weight: dice.size(15, 21),
  });
};

const command: Maker = (dice, name, to) => {
  to.push(
    binary(dice, ['usr', 'bin', name.toLowerCase()]),
    binary(dice, ['usr', 'lib', `lib${name.toLowerCase()}.dylib`]),
    text(dice, ['usr', 'share', 'man', 'man1', `${name.toLowerCase()}.1`], 10, 14),
  );
};
