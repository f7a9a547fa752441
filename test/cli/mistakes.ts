/** A mistake: what is typed, what comes of it, and the words on stderr that lead on. */
export interface Mistake {
  /** As in a shell: words in double quotes are one. */
  readonly typed: string;
  readonly code: 2 | 3 | 4 | 5;
  readonly says: RegExp;
  /** Typed by a user who may not read what is in the way. */
  readonly as?: 'nobody';
  readonly env?: Readonly<Record<string, string>>;
  /** Into the folder "full", on a disk with no byte left ("none") or with some. */
  readonly full?: 'none' | 'some';
}

const APP = '"Install OS X Yosemite.app"';
const ISO = `build ${APP} -o out.iso`;
const BOOT = 'boot good.iso --chameleon boot --osk-file osk';
const LONG_NAME = 'x'.repeat(250);

/**
 * What people type, found by being three of them: an administrator who wants Yosemite tonight, somebody who scripts hundreds of builds, a
 * Mac user who knows hdiutil. Codes as README has them: 2 the command line, 3 the source, 4 this host (permission, space, in use), 5
 * what was checked.
 */
export const MISTAKES: readonly Mistake[] = [
  // What is given as an ISO or an installer, to all four commands: one recogniser.
  { typed: `verify ${APP}`, code: 3, says: /found an installer app\.\n\n.*osx-iso build 'Install OS X Yosemite\.app'/ },
  { typed: `boot ${APP}`, code: 4, says: /found an installer app\.\n.*Make the ISO of it first: osx-iso build/ },
  { typed: 'build folder', code: 3, says: /expected an installer app or a folder with InstallESD\.dmg/ },
  { typed: 'verify folder', code: 3, says: /expected a finished ISO, found a folder\.\n\nNo ISO is in it/ },
  { typed: 'verify isos', code: 3, says: /Give the one in it: osx-iso verify isos\/a\.iso/ },
  { typed: 'inspect folder', code: 3, says: /It holds readme/ },
  ...['build', 'verify', 'inspect'].flatMap((command): Mistake[] => [
    { typed: `${command} page.dmg`, code: 3, says: /found a web page: the download went wrong\.\n\nLook at it/ },
    { typed: `${command} error.iso`, code: 3, says: /found a web page/ },
    { typed: `${command} d.qcow2`, code: 3, says: /found a disk of a virtual machine \(qcow2\)/ },
    { typed: `${command} d.vmdk`, code: 3, says: /found a disk of a virtual machine \(VMDK\)/ },
    { typed: `${command} d.vdi`, code: 3, says: /found a disk of a virtual machine \(VDI\)/ },
    {
      typed: `${command} f.iso.gz`,
      code: 3,
      says: /found a gzip file\.\n\nUnpack it[^\n]*\n {2}gunzip -k .*f\.iso\.gz/,
    },
    { typed: `${command} f.zip`, code: 3, says: /found a zip archive\.\n\nUnpack it[^\n]*\n {2}unzip / },
    { typed: `${command} empty.iso`, code: 3, says: /the file is incomplete: it is empty\.\n\n.*get it again/ },
    {
      typed: `${command} good.iso.json`,
      code: 3,
      says: /found the manifest of an ISO\.\n\nGive what it describes: .*good\.iso$/m,
    },
    {
      typed: `${command} secret.iso`,
      as: 'nobody',
      code: 4,
      says: /not permitted to read .*secret\.iso\.\n\n.*chmod u\+r/,
    },
  ]),
  { typed: `${BOOT} --dry-run --iso x`, code: 2, says: /is no guest: give either it or --iso/ },
  { typed: 'boot d.qcow2 --no-smc --dry-run --chameleon boot', code: 3, says: /osx-iso boot --disk d\.qcow2/ },
  {
    typed: 'boot secret.iso --no-smc --dry-run --chameleon boot',
    as: 'nobody',
    code: 4,
    says: /not permitted to read/,
  },
  { typed: 'verify nowhere.iso', code: 3, says: /nowhere\.iso: no such file or folder/ },
  // Where the ISO goes.
  {
    typed: `build ${APP} -o nowhere/x.iso`,
    code: 2,
    says: /nowhere: expected a folder for the ISO, found nothing\.\n\nMake it first/,
  },
  { typed: `build ${APP} -o good.iso`, code: 2, says: /good\.iso exists already\.\n\n.*--force/ },
  { typed: `build ${APP} -o -`, code: 2, says: /an ISO cannot be printed/ },
  { typed: `build ${APP} -o ""`, code: 2, says: /-o: expected the name of a file/ },
  {
    typed: `build ${APP} -o ${LONG_NAME}.iso`,
    code: 2,
    says: /the name is too long for this disk\.\n\nChoose a shorter one/,
  },
  { typed: `build ${APP} -o {nam}.iso`, code: 2, says: /"\{nam\}" stands for nothing\.\n\n.*\{name\}/ },
  { typed: `build ${APP} -o notes.txt/x.iso`, code: 2, says: /a part of this path is no folder/ },
  { typed: `build ${APP} -o isos -o isos/a.iso`, code: 2, says: /a\.iso exists already/ },
  // Options of build.
  { typed: 'build nowhere.app', code: 3, says: /no such file or folder\. Looked for:[\s\S]*osx-iso build yosemite/ },
  { typed: `build ${APP} --app x`, code: 2, says: /given twice/ },
  { typed: `${ISO} --work-dir folder`, code: 2, says: /--work-dir is for the hdiutil engine/ },
  { typed: ISO, env: { SOURCE_DATE_EPOCH: 'abc' }, code: 2, says: /SOURCE_DATE_EPOCH=abc: expected whole seconds/ },
  {
    typed: `${ISO} --kernel notes.txt`,
    code: 3,
    says: /^osx-iso: --kernel .*notes\.txt: expected a kernel, found a file of 10 bytes/,
  },
  { typed: `${ISO} --kernel nowhere`, code: 2, says: /expected "package", "host" or a kernel file, found nothing/ },
  { typed: `${ISO} --set Timeuot=5`, code: 2, says: /no key "Timeuot"; the nearest is "Timeout"/ },
  { typed: `${ISO} --set Timeout`, code: 2, says: /expected KEY=VALUE/ },
  { typed: `${ISO} --set Kernel=mach_kernel`, code: 2, says: /does not start 10\.10\.5[\s\S]*--unset Kernel/ },
  { typed: `${ISO} --plist nowhere.plist`, code: 3, says: /nowhere\.plist: no such file/ },
  { typed: `${ISO} --plist none --set Timeout=5`, code: 2, says: /give one of them/ },
  { typed: `${ISO} --extra notes.txt`, code: 2, says: /--extra notes\.txt: expected a folder, found a file/ },
  { typed: `${ISO} --extra locked`, as: 'nobody', code: 4, says: /^osx-iso: not permitted to read --extra locked/ },
  { typed: `${ISO} --opencore notes.txt`, code: 3, says: /expected a zip or a folder, found neither/ },
  { typed: `${ISO} --esp-size thirty --opencore x`, code: 2, says: /--esp-size thirty: expected a size of 1M or more/ },
  { typed: `${ISO} --kext x.kext`, code: 2, says: /--kext is for an ISO that starts by UEFI\.\n\n.*--opencore/ },
  { typed: `${ISO} --disk x.qcow2`, code: 2, says: /'--disk' needs --boot/ },
  { typed: `${ISO} --engine hdutil`, code: 2, says: /Allowed choices are hdiutil, native/ },
  { typed: `${ISO} --save folder`, code: 2, says: /--save is for installers on a server/ },
  { typed: `${ISO} --build-number 14F27`, code: 2, says: /--build-number 14F27: .* is 14F/ },
  { typed: 'build ftp://x/y.dmg', code: 2, says: /begins with https:\/\/ or http:\/\/, found ftp:/ },
  { typed: 'build 11', code: 3, says: /macOS 11: there is no public place[\s\S]*createinstallmedia/ },
  { typed: 'build good.iso', code: 3, says: /this is a finished installer disk of .*already\.\n\n.*osx-iso verify/ },
  // boot: before anything is made.
  { typed: `${BOOT} --format json`, code: 2, says: /'--format' needs --dry-run/ },
  { typed: `${BOOT} --dry-run --smc-config x`, code: 2, says: /'--smc-config' needs --format libvirt/ },
  {
    typed: `${BOOT} --disk new.qcow2 --create-disk thirty --dry-run`,
    code: 2,
    says: /^osx-iso: --create-disk thirty: expected a size/,
  },
  {
    typed: `${BOOT} --disk nowhere/new.qcow2 --create-disk 30G --dry-run`,
    code: 2,
    says: /--disk nowhere\/new\.qcow2: expected a folder to put it in, found nothing\.\n\nMake it first: mkdir -p/,
  },
  { typed: `${BOOT} --disk nowhere.qcow2 --dry-run`, code: 3, says: /osx-iso disk create nowhere\.qcow2 --size/ },
  {
    typed: `${BOOT} --disk page.dmg --dry-run`,
    code: 3,
    says: /--disk page\.dmg: expected a disk image, found a web page/,
  },
  {
    typed: `${BOOT} --screenshot nowhere/x.png --dry-run`,
    code: 2,
    says: /--screenshot nowhere\/x\.png: expected a folder/,
  },
  {
    typed: `${BOOT} --screenshot notes.txt --dry-run`,
    code: 2,
    says: /--screenshot notes\.txt: there is a file already/,
  },
  {
    typed: `${BOOT} --serial nowhere/log --dry-run`,
    code: 2,
    says: /^osx-iso: --serial nowhere\/log: expected a folder/,
  },
  { typed: `${BOOT} --clock 2019-13-45 --dry-run`, code: 2, says: /expected a date like 2019-10-08/ },
  { typed: `${BOOT} --memory 2G`, code: 2, says: /Expected a whole number/ },
  { typed: `${BOOT} --memory 16 --dry-run`, code: 2, says: /--memory 16: expected MiB, 512 or more/ },
  { typed: `${BOOT} --vnc 5901`, code: 2, says: /Expected a whole number from 0 to 99/ },
  { typed: `${BOOT} --stop-after 3000000`, code: 2, says: /Expected a whole number from 1 to 2147483/ },
  { typed: `${BOOT} --accel hvf --dry-run`, code: 4, says: /--accel tcg works, slowly/ },
  { typed: `${BOOT} --release 10.99 --dry-run`, code: 2, says: /expected one of 10\.6/ },
  {
    typed: 'boot good.iso --chameleon folder --osk-file osk --dry-run',
    code: 3,
    says: /--chameleon folder: expected a file, found a folder[\s\S]*second stage/,
  },
  {
    typed: 'boot good.iso --chameleon f.zip --osk-file osk --dry-run',
    code: 3,
    says: /found a zip archive: unpack it first/,
  },
  { typed: 'boot good.iso --osk-file osk --dry-run', code: 2, says: /needs a boot loader\.\n\n[\s\S]*acidanthera/ },
  { typed: 'boot good.iso --chameleon boot --dry-run', code: 4, says: /needs its key\.\n\n[\s\S]*--osk-file FILE/ },
  {
    typed: 'boot good.iso --chameleon boot --osk-file short --dry-run',
    code: 4,
    says: /exactly 64 characters, found 5/,
  },
  { typed: 'boot', code: 2, says: /nothing to start\.\n\n.*osx-iso build/ },
  {
    typed: 'boot --disk nowhere.qcow2 --dry-run',
    code: 4,
    says: /2 things are missing[\s\S]*1\. --disk[\s\S]*2\. The guest's SMC/,
  },
  // Full disks.
  ...(['some', 'none'] as const).flatMap((full): Mistake[] => [
    {
      typed: `build ${APP} -o full/x.iso`,
      full,
      code: 4,
      says: /full: expected .* GB free for the ISO, found 0\.00 GB\.\n\n.*-o FILE/,
    },
    {
      typed: `inspect ${APP} /Packages -o full/x`,
      full,
      code: 4,
      says: /no space left on the disk while writing \S+full\/x\/\S+\.\n\nFree some space/,
    },
    {
      typed: `inspect ${APP} /BaseSystem.dmg -o full/x`,
      full,
      code: 4,
      says: /no space left on the disk while writing \S+full\/x\.\n\nFree some space, or give a place on another disk\./,
    },
  ]),
  { typed: 'plist -o full/x', full: 'none', code: 4, says: /no space left .* full\/x\.\n\n.*give a place on/ },
  { typed: 'opencore config --release 10.10 -o full/x', full: 'none', code: 4, says: /no space left .* full\/x\.\n/ },
  {
    typed: 'disk create full/x.qcow2',
    full: 'none',
    code: 4,
    says: /^osx-iso: no space left on the disk while writing full\/x\.qcow2\.\n\nFree some space, or give a place on another/,
  },
  { typed: 'download {server}/x.dmg -o full', full: 'some', code: 4, says: /needs 1,000,000 bytes more.*\n\n.*-o DIR/ },
  { typed: 'download {server}/x.dmg -o full', full: 'none', code: 4, says: /no space left .*full\/\S+\.\n\nFree some/ },
  // Plists.
  { typed: 'plist -o nowhere/x.plist', code: 2, says: /expected a folder to put it in, found nothing/ },
  { typed: 'plist -o notes.txt', code: 2, says: /exists already\.\n\n.*--force/ },
  { typed: 'plist --image notes.txt', code: 3, says: /expected a disk image, found a file of 10 bytes/ },
  { typed: 'plist --image page.dmg', code: 3, says: /expected a disk image, found a web page/ },
  { typed: 'plist --image secret.iso', as: 'nobody', code: 4, says: /not permitted to read secret\.iso/ },
  { typed: 'plist --volume folder --image d.vdi', code: 2, says: /Only one of --volume, --image and -o/ },
  { typed: 'plist --template nosuch', code: 2, says: /there are guest, installer/ },
  { typed: 'plist check nowhere.plist', code: 3, says: /no such file/ },
  { typed: 'plist check secret.iso', as: 'nobody', code: 4, says: /not permitted to read/ },
  { typed: 'plist check notes.txt -o x', code: 2, says: /-o needs --fix/ },
  { typed: 'opencore check secret.iso', as: 'nobody', code: 4, says: /not permitted to read/ },
  { typed: 'opencore config --release 10.10 -o nowhere/x', code: 2, says: /expected a folder to put it in/ },
  { typed: 'opencore esp x.img', code: 2, says: /Which loader\?\n\n--zip/ },
  // Disks, guests, the rest.
  { typed: 'disk create good.iso', code: 2, says: /exists already; it stays as it is/ },
  { typed: 'disk create nowhere/x.qcow2', code: 2, says: /Make it first: mkdir -p/ },
  { typed: 'disk create x.qcow2 --size 900000T', code: 2, says: /8191T at most/ },
  { typed: 'guest remove-kext X.kext', code: 2, says: /either --image or --volume/ },
  { typed: 'guest remove-kext X.kext --image page.dmg', code: 3, says: /found a web page/ },
  { typed: 'inspect good.iso -o x', code: 2, says: /-o needs a path inside/ },
  { typed: 'doctor --release 10.99', code: 2, says: /expected one of/ },
  { typed: 'download nosuch', code: 2, says: /osx-iso list shows/ },
  { typed: 'download yosemite -o nowhere/x', code: 2, says: /Make it first/ },
  { typed: 'biuld x', code: 2, says: /Did you mean build\?/ },
  { typed: 'help biuld', code: 2, says: /unknown command 'biuld'\n\(Did you mean build\?\)/ },
  { typed: 'plist chek x', code: 2, says: /unknown command 'chek'\n\(Did you mean check\?\)/ },
  { typed: 'help plist chek', code: 2, says: /unknown command 'chek'\n\(Did you mean check\?\)/ },
  { typed: 'guest crate x', code: 2, says: /Did you mean create\?/ },
  { typed: 'plist check good.iso.json', code: 3, says: /expected a property list, found JSON/ },
  { typed: 'plist check --fix good.iso.json', code: 3, says: /expected a property list, found JSON/ },
];
