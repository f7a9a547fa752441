import * as osx from '../../index.js';
import type { Context } from '../api.js';
import type { OpenCoreConfigOptions } from '../commands/opencore-config.js';

/** `osx-iso opencore config`: the file, and on stderr what must lie beside it. */
export async function openCoreConfig(options: OpenCoreConfigOptions, context: Context): Promise<void> {
  const { kext, output, ...asked } = options;
  const made = await osx.makeOpenCoreConfigOf(asked, kext, context.signal);
  const { xml, drivers, kexts, files, remarks } = made;
  const result = { type: 'result', text: xml, drivers, kexts, files, remarks };
  if (output === undefined) context.print(xml.trimEnd(), result);
  else {
    await osx.writeConfigFile(output, Buffer.from(xml, 'utf8'), await osx.openJournal({ optional: true }));
    context.print(output, { ...result, output });
  }
  context.remark(`EFI/OC/Drivers: ${drivers.join(', ')}`);
  if (kexts.length > 0) context.remark(`EFI/OC/Kexts: ${kexts.join(', ')}`);
  for (const [path, content] of Object.entries(files)) context.remark(`${path} holds the word ${content}`);
  for (const remark of remarks) context.remark(remark);
}
