// Lists a disk image: node examples/list-dmg.ts FILE.dmg
import { open } from 'node:fs/promises';
import { fromHandle, openDisk, openVolume, showPath } from 'osx-iso/formats';

const [path = ''] = process.argv.slice(2);
const handle = await open(path);
const { volume } = await openVolume(await openDisk(await fromHandle(handle, path)));
for await (const entry of volume.walk()) console.log(entry.kind, entry.data?.size ?? 0, showPath(entry.path));
await handle.close();
