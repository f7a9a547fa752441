import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type * as Osx from '../../index.js';
import type { Context } from '../context.js';
import { jsonText, type MachineLine } from '../lines/index.js';
import type { BootOptions } from './boot-options.js';

/** Prints the machine as it was asked for. */
export function printGuest(
  osx: typeof Osx,
  plan: Osx.BootPlan,
  { format, smcConfig }: BootOptions,
  context: Context,
): void {
  for (const note of plan.notes) context.remark(note);
  const { machine, capabilities, osk } = plan;
  if (machine.display.kind === 'web' && (format === 'shell' || format === 'json'))
    context.remark(
      'A screen in the browser is served by osx-iso itself: what is printed here has none. --vnc N gives it one.',
    );
  const runtime = osk ? { smcConfig: osx.SHELL_CONFIG } : {};
  const argv = osx.qemuArgs(machine, capabilities, runtime);
  const data = {
    type: 'machine' as const,
    machine,
    program: capabilities.program,
    argv,
    ...(osk && { key: osk.source }),
    ...(plan.create && { create: plan.create }),
  };
  switch (format) {
    case 'shell':
      context.print(osx.shellCommand(capabilities.program, argv, osk?.source), data);
      break;
    case 'json':
      context.print(JSON.stringify(JSON.parse(jsonText(data)), null, 2), data);
      break;
    default:
      handOver(osx, plan, { format, smcConfig, data }, context);
  }
  // Packer makes the disk by itself.
  if (plan.create && format !== 'packer') {
    context.remark(
      `The disk is made first: ${osx.commandLine('osx-iso', ['disk', 'create', plan.create.file, '--size', String(plan.create.size)])}`,
    );
  }
  if (plan.espCommand) {
    context.remark(`The loader's disk is made first: ${osx.commandLine('osx-iso', plan.espCommand)}`);
  }
  if (plan.nvram) {
    const { from, file } = plan.nvram;
    context.remark(`The firmware's variables are made first: ${osx.commandLine('cp', [from, file])}`);
  }
}

/** For programs that start QEMU on their own, and read the key's configuration from a file. */
function handOver(
  osx: typeof Osx,
  plan: Osx.BootPlan,
  {
    format,
    smcConfig,
    data,
  }: {
    readonly format: Exclude<BootOptions['format'], 'shell' | 'json'>;
    readonly smcConfig: string | undefined;
    readonly data: MachineLine;
  },
  context: Context,
): void {
  const { machine, capabilities, osk } = plan;
  const config = resolve(
    smcConfig ?? join(process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'osx-iso-smc.cfg'),
  );
  if (osk) {
    context.remark(
      `QEMU reads the SMC's key from ${config}, which this makes:\n${osx.configCommand(config, osk.source)}`,
    );
  }
  switch (format) {
    case 'libvirt': {
      const xml = osx.libvirtXml(machine, capabilities, config);
      context.print(xml.trimEnd(), { ...data, xml });
      break;
    }
    case 'proxmox': {
      const { conf, commands } = osx.proxmoxGuest(machine, capabilities, config);
      context.print(conf.trimEnd(), { ...data, conf, commands });
      context.remark(`The same by commands, as root on the Proxmox host:\n${commands.trimEnd()}`);
      break;
    }
    case 'packer': {
      const diskSize = plan.create?.size ?? osx.parseSize(osx.DEFAULT_DISK_SIZE);
      const hcl = osx.packerTemplate(machine, capabilities, { smcConfig: config, diskSize });
      context.print(hcl.trimEnd(), { ...data, hcl });
      break;
    }
    case 'vagrant': {
      const vagrantfile = osx.vagrantfile(machine, capabilities, config);
      context.print(vagrantfile.trimEnd(), { ...data, vagrantfile });
      break;
    }
    default:
      format satisfies never;
  }
}
