import { type Check, ok, problem, warning } from './finding.js';

export const DARWIN_CHECKS: readonly Check[] = [
  {
    name: 'hdiutil',
    look: ({ mac }) =>
      mac?.hdiutil ? ok('found') : warning('not found', 'Build with --engine native, which does not need it.'),
  },
  {
    name: 'root',
    look: ({ root }) =>
      root
        ? ok('you are root')
        : warning('you are not root: hdiutil would lose owners of files', 'sudo osx-iso build …, or --engine native'),
  },
  {
    name: 'Full Disk Access',
    look: ({ mac }) =>
      mac?.fullDiskAccess
        ? ok('granted to this terminal')
        : warning(
            'this terminal may not read everything',
            'System Settings > Privacy & Security > Full Disk Access: switch it on for the terminal.',
          ),
  },
  {
    name: 'hvf',
    look({ qemu, arch }, { release }) {
      if (arch !== 'x64') {
        const found = 'this Mac has no Intel processor: the guest would run by TCG, very slowly';
        return problem(found, `Use an Intel Mac for ${release}, or --accel tcg.`);
      }
      if (!qemu) return undefined;
      return qemu.accelerators.has('hvf')
        ? ok('QEMU has it')
        : problem('this QEMU was built without it: the guest would run by TCG, very slowly', 'brew install qemu');
    },
  },
];
